"""How a sandbox is set up, with a switch for each behaviour that nobody outside Resend knows."""

from typing import Final, Literal

import msgspec

from mailproof.sandbox.domains import DomainStatus
from mailproof.sandbox.errors import Refusal
from mailproof.sandbox.faults.fault import Fault

__all__ = ["DEFAULT_DOMAIN", "DEFAULT_KEY", "GivenKey", "Settings", "Switches"]

DEFAULT_KEY: Final = "re_sandbox_full_access_key"
DEFAULT_DOMAIN: Final = "acme.test"


class GivenKey(msgspec.Struct, frozen=True):
    """An API key that exists from the start."""

    token: str
    permission: Literal["full_access", "sending_access"] = "full_access"
    state: Literal["active", "inactive", "suspended"] = "active"


class Switches(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the real Resend does is not documented, or was seen to differ; so it can be chosen.

    `caches_errors`: does an idempotency key keep a refusal as it keeps an acceptance?
    `unknown_key`: the status for a key that does not exist. 400 and 401 were both seen (as
    `validation_error`), 403 (as `invalid_api_key`) is documented.
    `over_quota`: is the mail refused at once, or accepted and failed afterwards? Both happen.
    `refuse_example_domains`: recipients at example.com and test.com get 422, as documented.
    `header_counts_itself`: do the quota headers of an answer count the mail that it answers?
    """

    caches_errors: bool = False
    unknown_key: Literal[400, 401, 403] = 400
    over_quota: Literal["refuse", "fail_later"] = "refuse"
    refuse_example_domains: bool = True
    header_counts_itself: bool = True

    def refuse_unknown_key(self) -> Refusal:
        if self.unknown_key == 403:
            return Refusal("invalid_api_key")
        return Refusal("validation_error", "API key is invalid", status=self.unknown_key)


class Settings(msgspec.Struct, frozen=True):
    """All of them have a default that works.

    `rate_per_s` 0 and a quota of None are no limit. `step_s`: seconds between the events of a
    mail. `owner`: whom mail from onboarding@resend.dev may reach. `mails_max`, `bytes_max`: how
    much it keeps; beyond, mail is refused with a 503 that says so. `smtp_login`: a login and its
    password that SMTP takes beside the keys, from any sender domain. `smtp_mail_max_bytes`: the
    SIZE that SMTP offers. `scan_hosts`: where, beside this machine, a link may be opened as a mail
    scanner would, names in lower case.
    """

    keys: tuple[GivenKey, ...] = (GivenKey(DEFAULT_KEY),)
    domains: tuple[tuple[str, DomainStatus], ...] = ((DEFAULT_DOMAIN, DomainStatus.VERIFIED),)
    owner: str = "owner@acme.test"
    rate_per_s: int = 5
    daily_quota: int | None = None
    monthly_quota: int | None = 50_000
    step_s: float = 0.05
    webhooks: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    mails_max: int = 100_000
    bytes_max: int = 1024**3
    smtp_login: tuple[str, str] | None = None
    smtp_mail_max_bytes: int = 40 * 1024**2
    scan_hosts: tuple[str, ...] = ()
    switches: Switches = Switches()
