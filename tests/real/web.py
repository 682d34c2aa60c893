"""Ask over plain HTTP and keep the answer as evidence."""

import http.client

from mailproof.diagnosis.evidence import Evidence, HttpAnswer, decode_text

__all__ = ["answer"]

DEADLINE_S = 20.0


def answer(port: int, target: str, *, body: bytes = b"{}") -> Evidence:
    """POST to `target` (a path, or a whole URL at a proxy), as a call to Resend would."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    try:
        connection.request("POST", target, body, {"content-type": "application/json"})
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        seen = HttpAnswer(response.status, headers, decode_text(response.read()))
    finally:
        connection.close()
    return Evidence(seen, provider="resend")
