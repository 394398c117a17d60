"""Structured logs, one JSON line each, without anything a person wrote."""

import logging
import sys

import structlog

FORBIDDEN_KEYS = frozenset({"text", "contact", "words", "password", "token", "code", "openid", "cookie", "authorization", "query"})
"""Never logged, whoever passes them."""


def redact(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace forbidden values; a processor."""
    return {key: "[redacted]" if key in FORBIDDEN_KEYS else value for key, value in event.items()}


def configure_logging(level: str) -> None:
    """JSON lines to standard output; safe to call twice."""
    logging.basicConfig(level=level, stream=sys.stdout, format="%(message)s", force=True)
    for noisy in ("rq.worker", "rq.queue", "alembic", "werkzeug", "wechatpy"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
