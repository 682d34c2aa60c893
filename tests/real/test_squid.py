"""What a real Squid, as offices have it, answers instead of the provider."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailproof.diagnosis.evidence import HttpAnswer, Origin
from mailproof.diagnosis.reasons import Reason
from mailproof.providers.diagnose import diagnose
from tests.real.daemons import daemon, free_port, place
from tests.real.web import answer

pytestmark = pytest.mark.real

CONFIGURATION = """
http_port 127.0.0.1:{port}
visible_hostname proxy.acme.test
pid_filename none
cache deny all
access_log none
cache_store_log none
cache_log stdio:/dev/null
coredump_dir {folder}
shutdown_lifetime 0 seconds
logfile_rotate 0
pinger_enable off
auth_param basic program /usr/lib/squid/basic_ncsa_auth {folder}/passwords
auth_param basic children 1
acl forbidden dstdomain blocked.test
acl staff proxy_auth REQUIRED
http_access deny forbidden
http_access allow staff
http_access deny all
"""


@pytest.fixture(scope="module")
def squid() -> Iterator[int]:
    port = free_port()
    with place() as folder:
        (folder / "passwords").write_text("")
        configuration = folder / "squid.conf"
        configuration.write_text(CONFIGURATION.format(folder=folder, port=port))
        arguments: list[str | Path] = ["-N", "-d", "1", "-f", configuration]
        with daemon("squid", arguments, ready="Accepting HTTP Socket connections"):
            yield port


@pytest.mark.parametrize(
    ("url", "status"),
    [("http://api.acme.test/emails", 407), ("http://blocked.test/emails", 403)],
    ids=["a proxy that wants a login", "a proxy that forbids the host"],
)
def test_the_page_of_a_proxy_is_not_taken_for_the_providers_answer(
    squid: int, url: str, status: int
) -> None:
    evidence = answer(squid, url)
    failure = diagnose(evidence)
    assert isinstance(evidence.seen, HttpAnswer)
    assert evidence.seen.status == status
    assert failure.reason is Reason.BLOCKED_BY_INTERMEDIARY
    assert failure.origin is Origin.NETWORK
