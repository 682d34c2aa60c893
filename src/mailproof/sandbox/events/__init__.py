"""What becomes of an accepted mail, and who is told."""
