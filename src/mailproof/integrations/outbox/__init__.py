"""The outbox: mail that commits with the application's own data, and is handed over afterwards."""

from mailproof.integrations.outbox.drain import Outbox
from mailproof.integrations.outbox.table import create_table, ddl

__all__ = ["Outbox", "create_table", "ddl"]
