"""Requests that schemathesis makes up from the API's description.

A module of its own: schemathesis takes a second to load, and every process of a run would load it to know the tests.
"""

from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES, EXAMPLES_OF_A_TWIN = 15, 5
"""The latter for what differs from another operation only in being XML."""
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


def described(app: Flask) -> Any:
    """What `app` says that it answers."""
    return schemathesis.openapi.from_wsgi("/api/openapi.json", app)


def send(operation: Any, headers: dict[str, str], statuses: set[int]) -> None:
    """Such as fits `operation` and such as doesn't, answered as described or an error that shows it; `statuses` hears what came."""
    for mode in MODES:
        with nothing_wrong_can_be_said(mode):
            _sent_in(mode, operation, headers, statuses)


def _sent_in(mode: GenerationMode, operation: Any, headers: dict[str, str], statuses: set[int]) -> None:
    many = EXAMPLES_OF_A_TWIN if operation.path.endswith(".xml") else EXAMPLES

    @settings(max_examples=many, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Case[Any]) -> None:
        if mode is GenerationMode.POSITIVE:
            lead_inside(case)
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS)
        statuses.add(response.status_code)

    check()


def lead_inside(case: Case[Any]) -> None:
    """Name what exists, which nobody can make up: a district and a category; all else stays as it was made."""
    if isinstance(case.body, dict):
        case.body = {**case.body, "service_code": "lift-safety", "jurisdiction_id": ""}
    elif case.path.startswith("/open311/"):
        case.query = {**(case.query or {}), "jurisdiction_id": "2"}


def nothing_wrong_can_be_said(mode: GenerationMode) -> AbstractContextManager[None]:
    """Passes over an operation that takes nothing, or nothing but text: every request fits it."""
    return suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext()
