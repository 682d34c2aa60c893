"""The table of the outbox, as the database of the project writes it."""

from typing import Any

from django.db import migrations  # type: ignore[import-untyped]

from mailproof.client.writing import TABLE
from mailproof.integrations.outbox.table import ddl


def make(_apps: Any, editor: Any) -> None:
    vendor = editor.connection.vendor
    editor.execute(ddl(vendor))


def drop(_apps: Any, editor: Any) -> None:
    editor.execute(f"DROP TABLE {TABLE}")


class Migration(migrations.Migration):  # type: ignore[misc]
    operations = (migrations.RunPython(make, drop),)
