"""Mailproof in Django: an email backend, and the outbox's table as a migration.

`INSTALLED_APPS += ["mailproof.integrations.django"]` brings the table, and
`EMAIL_BACKEND = "mailproof.integrations.django.backend.EmailBackend"` sends all of Django's mail.
"""
