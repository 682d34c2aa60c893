"""The application that Django migrates."""

from django.apps import AppConfig  # type: ignore[import-untyped]

__all__ = ["MailproofConfig"]


class MailproofConfig(AppConfig):  # type: ignore[misc]
    name = "mailproof.integrations.django"
    label = "mailproof"
