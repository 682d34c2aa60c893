"""A local Resend that behaves as the real one does, and fails on demand.

Its behaviours, and where each is known from, are listed in docs/sandbox.md.
"""
