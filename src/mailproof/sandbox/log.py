"""Each request and each posted webhook as one line on stderr."""

import contextlib
import sys
from typing import Any

import structlog

from mailproof.sandbox.account import Arrival, Fact
from mailproof.sandbox.events.postman import Delivery

__all__ = ["line_writer"]


def line_writer() -> Any:
    """A listener for an account: coloured on a terminal, else JSON."""
    plain = not sys.stderr.isatty()
    log = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer() if plain else structlog.dev.ConsoleRenderer(),
        ],
    )

    def write(fact: Fact) -> None:
        # Whoever read along may have left (`2>&1 | head`); the sandbox goes on without a log.
        with contextlib.suppress(BrokenPipeError):
            if isinstance(fact, Arrival):
                log.info("sandbox.request", **_request(fact))
            elif isinstance(fact, Delivery):
                log.info("sandbox.webhook", **_webhook(fact))

    return write


def _request(arrival: Arrival) -> dict[str, Any]:
    optional = {
        "fault": arrival.fault,
        "idempotency_key": arrival.idempotency_key,
        "replayed": arrival.replayed,
        "mails": len(arrival.mail_ids),
    }
    return {
        "method": arrival.method,
        "path": arrival.path,
        "status": arrival.status or "no answer",
        "took_ms": arrival.took_ms,
        **{name: value for name, value in optional.items() if value},
    }


def _webhook(delivery: Delivery) -> dict[str, Any]:
    return {
        "type": delivery.event,
        "url": delivery.url,
        "status": delivery.status or "no answer",
        "attempt": delivery.number,
        **({"error": delivery.error} if delivery.error else {}),
    }
