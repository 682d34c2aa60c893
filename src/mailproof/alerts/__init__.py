"""Who is told when a human is needed: conditions, words, channels."""
