"""What the person who waits for a mail sees: as JSON, as a stream, as a small page."""
