"""Rules for what no provider owns: HTTP, SMTP, the network, and whoever stands in between."""
