"""Mailproof: every email is proven sent, or fails loudly."""

__version__ = "0.1.0"
