"""The page at `/`: what would have been sent, and what is broken on purpose."""
