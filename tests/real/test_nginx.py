"""What a real nginx between us and the provider answers, and what it means."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.diagnosis.reasons import Reason
from mailproof.providers.diagnose import diagnose
from tests.real.daemons import daemon, free_port, place
from tests.real.web import answer

pytestmark = pytest.mark.real

CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log stderr notice;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    limit_req_zone $server_name zone=slow:1m rate=1r/m;
    limit_req_status 429;
    server {{
        listen 127.0.0.1:{port};
        server_name acme.test;
        location /small {{ client_max_body_size 1k; proxy_pass http://127.0.0.1:{closed}; }}
        location /down {{ proxy_pass http://127.0.0.1:{closed}; }}
        location /silent {{ proxy_read_timeout 100ms; proxy_pass http://127.0.0.1:{silent}; }}
        location /slow {{ limit_req zone=slow; proxy_pass http://127.0.0.1:{closed}; }}
        location /closed {{ deny all; }}
    }}
}}
"""


@pytest.fixture(scope="module")
def nginx() -> Iterator[int]:
    """Its port. Behind it: a port where nobody listens, and one where nobody answers."""
    with place() as folder, socket.create_server(("127.0.0.1", 0)) as silent:
        port = free_port()
        configuration = Path(folder / "nginx.conf")
        configuration.write_text(
            CONFIGURATION.format(
                folder=folder, port=port, closed=free_port(), silent=silent.getsockname()[1]
            )
        )
        arguments: list[str | Path] = ["-c", configuration, "-p", folder, "-e", "stderr"]
        with daemon("nginx", arguments, ready="start worker process"):
            yield port


def status_of(evidence: Evidence) -> int:
    assert isinstance(evidence.seen, HttpAnswer)
    return evidence.seen.status


@pytest.mark.parametrize(
    ("path", "body", "status", "reason", "ambiguous"),
    [
        ("/small", b"0" * 2_000, 413, Reason.MESSAGE_TOO_LARGE, False),
        ("/down", b"{}", 502, Reason.PROVIDER_UNAVAILABLE, True),
        ("/silent", b"{}", 504, Reason.PROVIDER_UNAVAILABLE, True),
        ("/closed", b"{}", 403, Reason.BLOCKED_BY_INTERMEDIARY, False),
    ],
)
def test_an_error_page_of_nginx_gets_its_reason(
    nginx: int, path: str, body: bytes, status: int, reason: Reason, *, ambiguous: bool
) -> None:
    evidence = answer(nginx, path, body=body)
    failure = diagnose(evidence)
    assert (status_of(evidence), failure.reason) == (status, reason)
    assert failure.ambiguous is ambiguous


def test_a_limit_of_requests_in_nginx_slows_us_down(nginx: int) -> None:
    answer(nginx, "/slow")
    evidence = answer(nginx, "/slow")
    assert status_of(evidence) == 429
    assert diagnose(evidence).reason is Reason.RATE_LIMITED
