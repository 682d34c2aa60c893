"""The story of the hold: a mail that everybody would have lost, and how it goes out after all."""
