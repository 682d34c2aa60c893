"""The sandbox's time: real, or a test's own."""

from datetime import UTC, datetime

from mailproof.clock import Clock, SystemClock, first_of

__all__ = ["Clock", "SystemClock", "first_of", "iso", "postgres_time"]


def iso(at: float) -> str:
    """`2026-02-22T23:41:12.126Z`: how webhooks write a time."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def postgres_time(at: float) -> str:
    """`2026-04-03 22:13:42.674981+00`: how Resend's API writes a time."""
    text = datetime.fromtimestamp(at, UTC).isoformat(sep=" ", timespec="microseconds")
    return text.replace("+00:00", "+00")
