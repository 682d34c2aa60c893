"""Resend's endpoints, and the sandbox's own."""
