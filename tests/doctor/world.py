"""A world that works: settings, DNS, Resend and SMTP on this machine, to be broken by tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

from mailproof.doctor.finding import Noted, Status
from mailproof.doctor.run import Limits, Options, examine
from mailproof.doctor.settings import read_settings
from tests.doctor.dns_server import Zone, serve_dns
from tests.doctor.resend_server import DATE, DOMAIN, KEY, Resend, serve_resend
from tests.doctor.smtp_server import Smtp, serve_smtp

# A 1024-bit RSA key, as Resend shows it: `p=` and nothing else.
DKIM = (
    "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC09iZb0lmgk1mNIn0k8tWOErygCazgyM+d+d/FiAlROHdnK55jfk6"
    "HEBAe/4q5YZq+an6t5EgxiC2XB2pDCBDSy/zyhq/lemTEQ2odOeXtCwHs4NoABBiGQgzim2xUQlezTOq9Blnp60F02JRx6"
    "og2RZNZdeiWFw5/jh7mf8tmrQIDAQAB"
)
WEAK_DKIM = (
    "p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAPJfD45ieEeLXw1U6qKhmnnSBXcvALaUTubvx72NCJPHzbrwJ3fmeruNJnDz"
    "V/gwO3KIrZSbHu7XPqozWizS9PUCAwEAAQ=="
)
RETURN_PATH_SPF = "v=spf1 include:amazonses.com ~all"
FEEDBACK = "feedback-smtp.us-east-1.amazonses.com"

# Far more than anything on this machine takes, and short for what hangs on purpose.
QUICK = Limits(call_s=3.0, dns_s=3.0, port_s=1.5, database_s=2.0, whole_s=6.0)
NOW_S = parsedate_to_datetime(DATE).timestamp()


class World:
    """Change anything in it, then `await world.examined()`."""

    def __init__(
        self,
        zone: Zone,
        resend: Resend,
        smtp: Smtp,
        nameserver: tuple[str, int],
        url: str,
        port: int,
    ) -> None:
        self.zone, self.resend, self.smtp = zone, resend, smtp
        self.resend_url = url
        self.nameserver = nameserver
        self.smtp_port = port
        self.smtp_ports: tuple[int, ...] = ()
        self.env_file: Path | None = None
        self.now_s = NOW_S
        self.test_to = ""
        self.limits = QUICK
        self.env = {
            "RESEND_API_KEY": KEY,
            "RESEND_FROM": f"Acme <hello@{DOMAIN}>",
            "RESEND_BASE_URL": url,
        }

    def publish(self, domain: str) -> None:
        """Every record that mail from this domain through Resend needs."""
        self.zone.put(domain, "SOA", "ns.host.test. root.host.test. 1 3600 600 86400 300")
        self.zone.text(domain, "v=spf1 include:amazonses.com ~all", "google-site-verification=abc")
        self.zone.text(f"_dmarc.{domain}", "v=DMARC1; p=none;")
        self.zone.text(f"resend._domainkey.{domain}", DKIM)
        self.zone.put(f"send.{domain}", "MX", f"10 {FEEDBACK}.")
        self.zone.text(f"send.{domain}", RETURN_PATH_SPF)

    def use_smtp(self, *, scheme: str = "smtp", port: int | None = None, query: str = "") -> None:
        """Mail goes over SMTP instead of Resend; without a `query`, as to one's own machine."""
        del self.env["RESEND_API_KEY"]
        port = port or self.smtp_port
        self.env["SMTP_URL"] = f"{scheme}://acme:correct-horse@127.0.0.1:{port}{query}"
        self.smtp_ports = self.smtp_ports or (port,)

    def dial(self) -> Options:
        return Options(
            test_to=self.test_to,
            nameserver=self.nameserver,
            smtp_ports=self.smtp_ports,
            limits=self.limits,
        )

    async def examined(self) -> list[Noted]:
        settings = read_settings(self.env, self.env_file)
        return await examine(settings, self.env, self.dial(), now_s=self.now_s)


@asynccontextmanager
async def healthy_world() -> AsyncIterator[World]:
    zone, resend, smtp = Zone(), Resend(), Smtp()
    async with (
        serve_dns(zone) as nameserver,
        serve_resend(resend) as url,
        serve_smtp(smtp) as smtp_port,
    ):
        world = World(zone, resend, smtp, nameserver, url, smtp_port)
        world.publish(DOMAIN)
        zone.text("amazonses.com", "v=spf1 ip4:199.255.192.0/22 -all")
        yield world


def keys_of(notes: list[Noted], *statuses: Status) -> set[str]:
    return {note.key for note in notes if not statuses or note.status in statuses}


def bad(notes: list[Noted]) -> set[str]:
    """The keys of all findings that say that something is wrong."""
    return keys_of(notes, Status.FAILED, Status.WARNING, Status.CANNOT_TELL)
