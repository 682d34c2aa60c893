"""What Prometheus scrapes: outcomes counted from the event log, how things stand now."""
