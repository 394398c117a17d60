"""The text of each generated document: states, permissions, routes, settings."""

import ast
import inspect
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields
from enum import StrEnum
from itertools import groupby, pairwise

from flask import Flask

from config.settings import Settings
from intake.app import create_app
from intake.domain.permission import GRANTS, ROLE_NAMES, Permission, Role
from intake.domain.reach import Reach, reach_of
from intake.domain.transition import StateTable, Transition, label
from intake.services.transition import TABLES
from intake.wiring import wire

NOTE = "本文由 `zhibao docs` 从代码生成，请改代码，不要改本文。 / Generated from the code; change that, not this.\n"
_ABOUT_PERMISSIONS = """一个人能做什么，看角色、区域和单位：角色总是授予某个区域及其以下各级。
状态允许什么，见 [states.md](states.md)；每一页要什么权限，见 [routes.md](routes.md)。

What somebody may do follows from role, area and unit: a role is always granted for an area and all below it. What a state allows stands in
[states.md](states.md), what each page asks for in [routes.md](routes.md).
"""
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_ACCESS = {
    "open": "任何人 / anybody",
    "anonymous_form": "任何人，凭表单密钥与来源 / anybody, by signed key and origin",
    "sign_in": "登录表单，凭 CSRF 令牌 / the sign-in form, by CSRF token",
    "signed": "对方签名 / verified by signature",
    "keyed": "接口密钥 / another system's key",
}


def member_docstrings(enum: type[StrEnum]) -> dict[str, str]:
    """Member name → the string that stands under it in the source, in one line; Python itself doesn't keep them."""
    tree = ast.parse(inspect.getsource(sys.modules[enum.__module__]))
    body = next(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == enum.__name__)
    found: dict[str, str] = {}
    for node, below in pairwise(body):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            found[node.targets[0].id] = " ".join(below.value.value.split())
    return found


def states_page() -> str:
    """Every noun with states: what each state means, and every way between them."""
    parts = ["# 状态 / States\n", NOTE]
    for table in TABLES.values():
        parts += _states_of(table)
    return "\n".join(parts)


def _states_of(table: StateTable) -> Iterable[str]:
    meanings, actions = member_docstrings(table.states), member_docstrings(type(table.transitions[0].action))
    yield f"## {table.noun}\n"
    yield f"开始于 / born `{table.initial.value}`（{label(table.initial)}）。\n"
    yield _table(("状态 / state", "名称", "含义 / meaning"), [(f"`{s.value}`", label(s), meanings.get(s.name, "")) for s in table.states])
    header = ("动作 / action", "从 / from", "到 / to", "权限 / permission", "理由", "居民读到 / residents read", "说明 / note")
    yield _table(header, [_transition_row(t, table, actions) for t in table.transitions])
    yield _diagram(table)


def _transition_row(transition: Transition, table: StateTable, actions: dict[str, str]) -> tuple[str, ...]:
    sources = "、".join(label(state) for state in table.states if state in transition.sources)
    who = f"`{transition.permission.value}`" if transition.permission else "系统或居民 / machine or resident"
    reason = "必填 / required" if transition.needs_reason else ""
    note = actions.get(transition.action.name, "")
    return f"`{transition.action.value}`", sources, label(transition.target), who, reason, transition.words, note


def _diagram(table: StateTable) -> str:
    lines = ["```mermaid", "stateDiagram-v2", *(f"    {s.value} : {label(s)}" for s in table.states), f"    [*] --> {table.initial.value}"]
    lines += [
        f"    {source.value} --> {transition.target.value} : {transition.action.value}"
        for transition in table.transitions
        for source in table.states
        if source in transition.sources
    ]
    return "\n".join([*lines, "```\n"])


def permissions_page() -> str:
    """Roles, permissions, how far each goes, and who has which, in Chinese and English."""
    roles, reaches = member_docstrings(Role), member_docstrings(Reach)
    held = Counter(permission for permissions in GRANTS.values() for permission in permissions)
    assert set(held) == set(Permission), "a permission that nobody has"
    parts = [
        "# 权限 / Permissions\n",
        NOTE,
        _ABOUT_PERMISSIONS,
        "## 角色 / Roles\n",
        _table(("角色 / role", "含义 / meaning"), [(f"{ROLE_NAMES[role]} `{role.value}`", roles.get(role.name, "")) for role in Role]),
        "## 范围 / How far\n",
        _table(("范围 / reach", "含义 / meaning"), [(f"`{one.value}`", reaches[one.name]) for one in Reach]),
        "## 谁在哪里有什么 / Who has which, and where\n",
        _table(
            ("权限", "permission", "范围 / reach", *(f"{ROLE_NAMES[role]}<br>{role.value}" for role in Role)),
            [
                (
                    *_meaning(p),
                    f"{reaches[reach_of(p).name].partition(' /')[0]} `{reach_of(p).value}`",
                    *("✓" if p in GRANTS[role] else "" for role in Role),
                )
                for p in Permission
            ],
        ),
    ]
    return "\n".join(parts)


def _meaning(permission: Permission) -> tuple[str, str]:
    """Name in Chinese, which stands in brackets behind the sentence, and the sentence with the code."""
    sentence = member_docstrings(Permission).get(permission.name, "")
    found = re.fullmatch(r"(.*) \((.+)\)\.", sentence)
    assert found is not None, f"{permission} has no Chinese name in brackets"
    return found[2], f"`{permission.value}` {found[1]}"


def routes_page() -> str:
    """Every route: methods, path, endpoint, and who may enter."""
    app = create_app(wire(unconnected()))
    routes = sorted(
        (
            rule.endpoint.partition(".")[0],
            rule.rule,
            " ".join(method for method in _METHODS if method in (rule.methods or ())),
            rule.endpoint,
        )
        for rule in app.url_map.iter_rules()
    )
    parts = ["# 路由 / Routes\n", NOTE]
    for audience, of_audience in groupby(routes, key=lambda route: route[0]):
        rows = [(methods, f"`{path}`", f"`{endpoint}`", _access(app, endpoint)) for _, path, methods, endpoint in of_audience]
        parts += [f"## {audience}\n", _table(("方法", "路径 / path", "端点 / endpoint", "谁可以 / who"), rows)]
    return "\n".join(parts)


def _access(app: Flask, endpoint: str) -> str:
    """What the guard reads; the command line and the web don't import one another, so it is asked of the view itself."""
    if endpoint == "static":
        return _ACCESS["open"]
    access = getattr(app.view_functions[endpoint], "access", None)
    if access is None:
        return "无人，未声明 / nobody, undeclared"
    if access.kind == "permission":
        return f"`{access.permission.value}`" if access.permission else "已登录 / signed in"
    return _ACCESS[access.kind]


def unconnected() -> Settings:
    """Complete, and connected to nothing: an application made of it knows its routes."""
    return Settings(
        environment="test",
        database_url="postgresql+psycopg://nobody@localhost:1/none",
        redis_url="redis://localhost:1/0",
        secret_key="0" * 64,
        field_keys=f"k1:{'A' * 43}=",
    )


def settings_page() -> str:
    """Every variable with its default."""
    rows = [
        (
            f"`{field.metadata['variable']}`",
            f"`{field.default}`" if str(field.default) else "（空）",
            "是" if field.metadata["secret"] else "",
            field.metadata["note"],
        )
        for field in fields(Settings)
    ]
    intro = "全部从环境变量读取，启动时读一次；写错了会说出变量名和改法。 / Read from the environment, once, at start.\n"
    return "\n".join(["# 设置 / Settings\n", NOTE, intro, _table(("变量 / variable", "默认 / default", "机密", "说明 / note"), rows)])


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"
