"""State has one writer: nothing but services/transition.py sets `.state`, so nothing moves without its history row."""

import ast
from collections.abc import Iterator

from intake.services.transition import TABLES
from tests.architecture.sources import modules

WRITER = "intake/services/transition.py"
STATEFUL = {model.__name__ for model in TABLES}
COLUMNS = {"state", "state_changed_at"}


def writes(tree: ast.Module) -> Iterator[str]:
    """Every place that sets a state: assignment, setattr, a model's constructor, an UPDATE or INSERT, a row of a bulk insert."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets):
                yield from (ast.unparse(node) for target in targets for one in ast.walk(target) if _is_state(one))
            case ast.AugAssign(target=target) | ast.AnnAssign(target=target) if _is_state(target):
                yield ast.unparse(node)
            case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str() as name), _]) if name in COLUMNS:
                yield ast.unparse(node)
            case ast.Call(func=ast.Name(id=name), keywords=keywords) if name in STATEFUL:
                yield from (ast.unparse(node) for keyword in keywords if keyword.arg in COLUMNS)
            case ast.Call(func=ast.Attribute(attr="values"), keywords=keywords):
                yield from (ast.unparse(node) for keyword in keywords if keyword.arg in COLUMNS)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    # A newborn row of a bulk insert may take its state from the writer, and only from there.
                    if isinstance(key, ast.Constant) and key.value == "state" and not _is_initial(value):
                        yield ast.unparse(node)


def _is_state(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in COLUMNS


def _is_initial(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "initial_state"


def test_nothing_but_the_writer_sets_a_state() -> None:
    # A view's dictionary is what an address asks for; views write no rows (test_commit_at_edges, import-linter).
    found = {
        path: [place for place in writes(tree) if not (path.startswith("intake/web/") and place.startswith("{"))]
        for path, tree in modules("intake", "workers")
        if path != WRITER
    }
    assert {path: places for path, places in found.items() if places} == {}


def test_the_writer_does() -> None:
    assert [path for path, tree in modules("intake") if path == WRITER and list(writes(tree))] == [WRITER]


def test_the_search_sees_every_way_of_writing() -> None:
    for way in (
        "topic.state = S.POOLED",
        "one, topic.state = 1, 2",
        "topic.state: TopicState = S.POOLED",
        "setattr(topic, 'state', S.POOLED)",
        "Topic(title='x', state=S.POOLED)",
        "update(Topic).values(state='pooled')",
        "insert(Notification).values({'state': NoticeState.PENDING})",
    ):
        assert list(writes(ast.parse(way))), way
    for harmless in ("row = QueueRow(state=topic.state)", "{'state': initial_state(Notification)}", "if topic.state is S.POOLED: pass"):
        assert not list(writes(ast.parse(harmless))), harmless
