"""What the process says while it works: its log."""
