"""What Tidewell is told by its environment."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

__all__ = ["Settings"]


class Settings(BaseModel):
    """`base_url`: where users reach this application; links in mails are made of it. `secret`:
    signs cookies. `cooldown_s`: so long after a mail, the same person may ask for the next;
    `asks_max`: so often within ten minutes may one network ask."""

    model_config = ConfigDict(frozen=True)

    database_url: str
    base_url: str
    secret: str
    sender: str
    cooldown_s: int
    asks_max: int

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        return cls(
            database_url=environ.get("DATABASE_URL", "sqlite+aiosqlite:///tidewell.db"),
            base_url=environ.get("BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
            secret=environ.get("SECRET_KEY") or _kept_secret(Path("tidewell.secret")),
            sender=environ.get("MAILPROOF_FROM", "Tidewell <hello@tidewell.test>"),
            cooldown_s=int(environ.get("COOLDOWN_S", "60")),
            asks_max=int(environ.get("ASKS_MAX", "30")),
        )


def _kept_secret(path: Path) -> str:
    """Made once, so that a restart signs nobody out."""
    if not path.exists():
        path.touch(0o600)
        path.write_text(secrets.token_urlsafe(32), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()
