"""The library: send, enqueue and follow mail from an application.

`Mailproof` and `BlockingMailproof` talk to a gateway, or accept mail themselves (`embedded`).
"""
