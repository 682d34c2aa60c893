"""Mail as it comes in: read, checked, accepted once, within the limits."""
