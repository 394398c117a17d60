"""Structured logs, one JSON line each on standard output, without anything a person wrote."""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor

FORBIDDEN_KEYS = frozenset({"text", "contact", "words", "password", "token", "code", "openid", "cookie", "authorization", "query"})
"""Never logged, whoever passes them."""
QUIET = ("rq.worker", "rq.queue", "alembic", "werkzeug", "wechatpy")
"""Libraries of which only warnings matter."""


def redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Replace forbidden values; a processor."""
    return {key: "[redacted]" if key in FORBIDDEN_KEYS else value for key, value in event.items()}


def configure_logging(level: str) -> None:
    """For our own logs and the libraries'; safe to call twice."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
