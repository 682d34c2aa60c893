"""What goes wrong on demand, and where in a request it strikes."""
