"""What the console reads and does in the store."""
