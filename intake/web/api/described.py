"""How one operation of the API is written down, and what becomes of it in OpenAPI 3.1."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Schema = dict[str, Any]
Say = Callable[[str], str]
"""A sentence in the language that is asked for."""


class Where(StrEnum):
    """In which part of a request a value stands."""

    PATH = "path"
    """In the address."""
    QUERY = "query"
    """Behind the question mark."""
    HEADER = "header"
    """In a header."""
    FORM = "form"
    """In the body, as forms send it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value that a caller may send."""

    name: str
    about: str
    schema: Schema
    where: Where = Where.QUERY
    required: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, by its HTTP status."""

    status: int
    about: str
    media: str
    schema: Schema | None = None
    """None for what isn't JSON."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One address with one method."""

    path: str
    method: str
    part: str
    """Under which heading it stands."""
    summary: str
    about: str
    fields: tuple[Field, ...]
    replies: tuple[Reply, ...]
    keyed: bool = False
    """Whether a key is needed."""
    one_of: tuple[tuple[str, ...], ...] = ()
    """Sets of form fields of which one must be there whole."""

    @property
    def name(self) -> str:
        """Its operationId: stable while the address is."""
        return f"{self.method}{self.path}".translate(str.maketrans("/{}.-", "_____")).replace("__", "_").strip("_")


KEY_SCHEME = "key"


def openapi_of(
    operations: Iterable[Operation], schemas: dict[str, Schema], *, info: dict[str, str], server: str, key_header: str, say: Say
) -> dict[str, Any]:
    """The document."""
    paths: dict[str, Any] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method] = _operation(one, say)
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {KEY_SCHEME: {"type": "apiKey", "in": "header", "name": key_header}},
        },
    }


def _operation(one: Operation, say: Say) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": one.name,
        "tags": [say(one.part)],
        "summary": say(one.summary),
        "description": say(one.about),
        "parameters": [_parameter(field, say) for field in one.fields if field.where is not Where.FORM],
        "responses": {str(reply.status): _reply(reply, say) for reply in one.replies},
    }
    if one.keyed:
        described["security"] = [{KEY_SCHEME: []}]
    form = [field for field in one.fields if field.where is Where.FORM]
    if form:
        described["requestBody"] = {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": _form(one, form, say)}}}
    return described


def _parameter(field: Field, say: Say) -> dict[str, Any]:
    required = field.required or field.where is Where.PATH
    return {
        "name": field.name, "in": field.where.value, "required": required, "description": say(field.about), "schema": field.schema
    }  # fmt: skip


def _form(one: Operation, fields: Iterable[Field], say: Say) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {field.name: {**field.schema, "description": say(field.about)} for field in fields},
        "required": [field.name for field in fields if field.required],
    }
    if one.one_of:
        schema["anyOf"] = [{"required": list(names)} for names in one.one_of]
    return schema


def _reply(reply: Reply, say: Say) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": reply.schema} if reply.schema is not None else {}
    return {"description": say(reply.about), "content": {reply.media: content}}
