"""Tidewell: a small service with sign-up and sign-in by mail, and nothing lost on the way."""
