"""The HTTP face: Resend's sending API for apps, and a listener of its own for operators."""
