"""What Mailproof's own configuration says, as the settings that doctor checks."""

from typing import Final

import msgspec

from mailproof.config import settings as configuration
from mailproof.doctor.settings import API_KEY, BASE_URL, DATABASE_URL, SMTP_URL, Setting, Settings

__all__ = ["with_configuration"]

_FROM_ENVIRONMENT: Final = "env:"


def with_configuration(found: Settings, given: configuration.Settings, file: str) -> Settings:
    """`found`, and over it the first provider of each type and the store that are configured.

    `file`: what its values are said to come from; a secret that the file takes from the environment
    or from another file is said to come from there.
    """
    values: dict[str, Setting] = {}
    for position, each in enumerate(given.providers):
        if each.type == "smtp":
            _take(values, SMTP_URL[0], f"providers[{position}].url", each.url, file)
        elif each.type == "resend" and API_KEY[0] not in values:
            _take(values, API_KEY[0], f"providers[{position}].api_key", each.api_key, file)
            values[BASE_URL[0]] = Setting(f"providers[{position}].base_url", each.base_url, file)
    if given.store_url.read().startswith("postgres"):
        _take(values, DATABASE_URL[0], "store.url", given.store_url, file)
    return msgspec.structs.replace(found, values={**found.values, **values})


def _take(
    values: dict[str, Setting], name: str, path: str, secret: configuration.Secret, file: str
) -> None:
    if name in values:
        return
    if secret.origin.startswith(_FROM_ENVIRONMENT):
        values[name] = Setting(secret.origin.removeprefix(_FROM_ENVIRONMENT), secret.read())
    else:
        origin = secret.origin if secret.origin.startswith("file:") else file
        values[name] = Setting(path, secret.read(), origin)
