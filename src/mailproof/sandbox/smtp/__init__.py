"""The sandbox as an SMTP relay: the same account and inbox as over HTTP, with faults of its own."""
