"""Mailproof inside an application: the outbox in its own database, and frameworks."""
