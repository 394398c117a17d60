"""Commit at the edges only: the request, the job, the command. Services and queries flush."""

import ast

from tests.architecture.sources import modules

ENDING = {"commit", "rollback", "begin", "close"}
INSIDE = ("intake/domain", "intake/models", "intake/queries", "intake/services")


def ends_a_transaction(tree: ast.Module) -> list[str]:
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ENDING
    ]


def test_nothing_inside_ends_a_transaction() -> None:
    found = {path: ends_a_transaction(tree) for path, tree in modules(*INSIDE)}
    assert {path: calls for path, calls in found.items() if calls} == {}


def test_the_edges_do() -> None:
    edges = {
        path for path, tree in modules("intake/web", "workers") if any(call.endswith(".commit()") for call in ends_a_transaction(tree))
    }
    assert edges == {"intake/web/unit_of_work.py", "workers/runtime.py"}


def test_nothing_inside_calls_out() -> None:
    forbidden = {"requests", "urllib.request", "http.client", "socket", "smtplib", "httpx"}
    for path, tree in modules(*INSIDE, "intake/web"):
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not forbidden & set(names), path
