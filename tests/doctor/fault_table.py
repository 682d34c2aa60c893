"""Every fault that is seeded, as a table: break the world like this, and the doctor must name it.

Servers of SMTP and PostgreSQL have tables of their own, beside the servers that they need.
"""

from typing import Final

from mailproof.doctor.finding import Status
from tests.doctor.faults import (
    Fault,
    clock_off,
    domains,
    doubled_domain,
    env,
    everything,
    key_at_resend,
    quota,
    refuse,
    return_path,
    says,
    sending_only,
    text,
    too_many_lookups,
)
from tests.doctor.resend_server import DOMAIN, KEY, SUSPENDED, page, refusal
from tests.doctor.smtp_server import closed_port
from tests.doctor.world import DKIM, RETURN_PATH_SPF, WEAK_DKIM

F, W, C = Status.FAILED, Status.WARNING, Status.CANNOT_TELL

CLOUDFLARE_BLOCK = "<!DOCTYPE html><title>Attention Required! | Cloudflare</title>"
PORTAL = "<html><head><title>Login</title></head><body>Sign in to Guest WiFi</body></html>"
SQUID = "<html><head><title>ERROR: Cache Access Denied.</title></head></html>"

FAULTS: Final = (
    # the key, as written
    Fault("no key and no SMTP URL", env(RESEND_API_KEY=None), "key.missing"),
    Fault("a key set to nothing", env(RESEND_API_KEY=" "), "key.empty"),
    Fault("the key 1", env(RESEND_API_KEY="1"), "key.placeholder"),
    Fault("the key re_xxx", env(RESEND_API_KEY="re_xxxxxxxxx"), "key.placeholder"),
    Fault("the key your-api-key", env(RESEND_API_KEY="your-api-key"), "key.placeholder"),
    Fault("the key re_123456789", env(RESEND_API_KEY="re_123456789"), "key.placeholder"),
    Fault("a variable instead of a key", env(RESEND_API_KEY="${RESEND_KEY}"), "key.placeholder"),
    Fault("the key re_…", env(RESEND_API_KEY="re_…"), "key.placeholder"),
    Fault("a key in quotes", env(RESEND_API_KEY=f'"{KEY}"'), "key.quoted"),
    Fault("a key with a newline", env(RESEND_API_KEY=f"{KEY}\n"), "key.newline"),
    Fault("a key with a blank in it", env(RESEND_API_KEY=f"{KEY[:9]} {KEY[9:]}"), "key.blank"),
    Fault("a key with Bearer in front", env(RESEND_API_KEY=f"Bearer {KEY}"), "key.bearer"),
    Fault("a key with an accent in it", env(RESEND_API_KEY=f"{KEY}é"), "key.odd_character"),
    Fault(
        "a key of SendGrid",
        env(RESEND_API_KEY="SG.abcdefghijklmnop.qrstuvwxyz0123456789"),
        "key.other_provider",
    ),
    Fault(
        "a key of Brevo", env(RESEND_API_KEY="xkeysib-0123456789abcdef0123"), "key.other_provider"
    ),
    Fault("a webhook secret", env(RESEND_API_KEY="whsec_MfKQ9r8GKYqrTwjU"), "key.webhook_secret"),
    Fault("a key that was cut", key_at_resend("re_8DkCq3Vn_7x"), "key.too_short"),
    Fault("a key with a semicolon", key_at_resend(f"{KEY};"), "key.odd_character"),
    Fault("a key of no known shape", key_at_resend("abcd1234efgh5678ijkl"), "key.odd_shape", W),
    # the From address, as written
    Fault("no From address", env(RESEND_FROM=None), "sender.missing", W),
    Fault("a From address set to nothing", env(RESEND_FROM=""), "sender.empty"),
    Fault("the From address 1", env(RESEND_FROM="1"), "sender.placeholder"),
    Fault("a From address without an at", env(RESEND_FROM="Acme acme.test"), "sender.malformed"),
    Fault("a From domain alone", env(RESEND_FROM="acme.test"), "sender.only_domain"),
    Fault("a From address in quotes", env(RESEND_FROM='"Acme <a@acme.test>"'), "sender.quoted"),
    Fault("From at gmail.com", env(RESEND_FROM="acme@gmail.com"), "sender.public_mailbox"),
    Fault("From at qq.com", env(RESEND_FROM="艾克米 <10001@qq.com>"), "sender.public_mailbox"),
    Fault("From at 163.com", env(RESEND_FROM="acme@163.com"), "sender.public_mailbox"),
    Fault("the testing sender", env(RESEND_FROM="onboarding@resend.dev"), "sender.testing"),
    Fault("From at example.com", env(RESEND_FROM="a@example.com"), "sender.example_domain"),
    # the base URL
    Fault("a base URL without https", env(RESEND_BASE_URL="api.resend.com"), "base_url.no_scheme"),
    Fault("the website as base URL", env(RESEND_BASE_URL="https://resend.com"), "base_url.website"),
    Fault(
        "a base URL with a path",
        env(RESEND_BASE_URL="https://api.resend.com/emails"),
        "base_url.with_path",
    ),
    Fault(
        "a base URL in quotes",
        lambda world: world.env.update(RESEND_BASE_URL=f'"{world.resend_url}"'),
        "setting.quoted",
    ),
    Fault("an SMTP URL in quotes", env(SMTP_URL="'smtp://u:p@127.0.0.1:1'"), "setting.quoted"),
    Fault(
        "a database URL in quotes",
        env(DATABASE_URL='"postgres://a:b@127.0.0.1:1/app"'),
        "setting.quoted",
    ),
    Fault("a broken base URL", env(RESEND_BASE_URL="https://[api"), "base_url.malformed"),
    Fault(
        "a base URL where nobody listens",
        lambda world: world.env.update(RESEND_BASE_URL=f"http://127.0.0.1:{closed_port()}"),
        "reach.failed",
    ),
    Fault(
        "a base URL whose name does not exist",
        env(RESEND_BASE_URL="http://nobody.invalid"),
        "reach.failed",
    ),
    Fault(
        "a wrong path on a JSON server", says((404, {"detail": "Not Found"}, {})), "reach.wrong_url"
    ),
    # what Resend says
    Fault("a key that Resend refuses", env(RESEND_API_KEY=f"{KEY[:-1]}9"), "access.refused"),
    Fault("a suspended key", says(SUSPENDED), "access.refused"),
    Fault(
        "a sending-only key that is bound to another domain",
        refuse(
            "validation_error",
            403,
            "This API key is not authorized to send emails from acme.test",
        ),
        "access.refused",
    ),
    Fault(
        "a sending-only key and an unverified domain",
        refuse("validation_error", 403, "The acme.test domain is not verified."),
        "domain.refused",
    ),
    Fault(
        "a sending-only key and a domain without records",
        everything(sending_only, text("resend._domainkey"), return_path()),
        "domain.dns_says_no",
    ),
    Fault(
        "an unverified domain: not started", domains(acme_test="not_started"), "domain.not_started"
    ),
    Fault("an unverified domain: pending", domains(acme_test="pending"), "domain.pending"),
    Fault("an unverified domain: failed", domains(acme_test="failed"), "domain.failed"),
    Fault(
        "a domain whose records have gone",
        domains(acme_test="temporary_failure"),
        "domain.temporary_failure",
    ),
    Fault("a domain in another account", domains(other_test="verified"), "domain.not_listed"),
    Fault("no domain in the account", domains(), "domain.none_listed"),
    Fault(
        "the root sends, the subdomain is verified",
        domains(mail_acme_test="verified"),
        "domain.mismatch",
    ),
    Fault(
        "the subdomain sends, the root is verified",
        env(RESEND_FROM="a@news.acme.test"),
        "domain.mismatch",
    ),
    Fault("a server that takes anything", says((200, {"id": "1"}, {})), "access.takes_anything", W),
    # what stands in between
    Fault("an empty answer", says((200, "", {})), "reach.not_resend"),
    Fault("a captive portal", says(page(200, PORTAL)), "reach.failed"),
    Fault("a company proxy", says(page(407, SQUID, server="squid")), "reach.failed"),
    Fault("a WAF", says(page(403, CLOUDFLARE_BLOCK, server="cloudflare")), "reach.failed"),
    Fault(
        "Cloudflare 1010",
        says((403, "error code: 1010", {"server": "cloudflare"})),
        "reach.user_agent",
    ),
    Fault(
        "a gateway without its server", says(page(502, "<html>Bad Gateway</html>")), "reach.failed"
    ),
    # quota and rate
    Fault("a daily quota that is nearly used up", quota(daily="93", monthly="500"), "quota.day", W),
    Fault(
        "a monthly quota that is nearly used up", quota(daily="3", monthly="2990"), "quota.month", W
    ),
    Fault(
        "a daily quota that is used up",
        refuse("daily_quota_exceeded", 429, "You have reached your daily email sending quota."),
        "quota.exceeded",
    ),
    Fault(
        "a rate that others use up",
        says(refusal(429, "rate_limit_exceeded", "Too many requests.")),
        "rate.limited",
        W,
    ),
    # DNS
    Fault(
        "a From domain that does not exist", lambda world: world.zone.drop(DOMAIN), "dns.no_domain"
    ),
    Fault("no SPF at the return path", text("send"), "spf.missing"),
    Fault(
        "two SPF records at the return path",
        text("send", RETURN_PATH_SPF, "v=spf1 -all"),
        "spf.doubled",
    ),
    Fault(
        "two SPF records at the From domain",
        text("", "v=spf1 ~all", "v=spf1 -all"),
        "spf.doubled",
        W,
    ),
    Fault(
        "an SPF record that breaks off",
        text("send", "v=spf1 include:amazonses.com incl"),
        "spf.truncated",
    ),
    Fault(
        "an SPF record with a typing mistake",
        text("send", "v=spf1 includes:amazonses.com ~all"),
        "spf.bad_term",
    ),
    Fault(
        "an SPF record without Resend",
        text("send", "v=spf1 ip4:192.0.2.1 ~all"),
        "spf.without_provider",
    ),
    Fault(
        "an SPF record with a semicolon at its end",
        text("send", f"{RETURN_PATH_SPF};"),
        "spf.bad_term",
    ),
    Fault(
        "an SPF record that includes a name without one",
        text("send", "v=spf1 include:amazonses.com include:gone.host.test ~all"),
        "spf.dead_include",
    ),
    Fault(
        "an SPF record that includes a name whose server fails",
        everything(
            text("send", "v=spf1 include:amazonses.com include:down.host.test ~all"),
            lambda world: world.zone.broken.add("down.host.test"),
        ),
        "spf.incomplete",
        C,
    ),
    Fault("an SPF record with too many lookups", too_many_lookups, "spf.too_many_lookups"),
    Fault(
        "an SPF record that allows everybody",
        text("send", "v=spf1 include:amazonses.com +all"),
        "spf.all_pass",
        W,
    ),
    Fault(
        "an SPF record without an end",
        text("send", "v=spf1 include:amazonses.com"),
        "spf.no_end",
        W,
    ),
    Fault("no DKIM key", text("resend._domainkey"), "dkim.missing"),
    Fault("a DKIM key that breaks off", text("resend._domainkey", DKIM[:140]), "dkim.truncated"),
    Fault("two DKIM keys", text("resend._domainkey", DKIM, WEAK_DKIM), "dkim.doubled"),
    Fault(
        "a DKIM record without a key", text("resend._domainkey", "v=DKIM1; k=rsa"), "dkim.no_key"
    ),
    Fault("a revoked DKIM key", text("resend._domainkey", "v=DKIM1; p="), "dkim.revoked"),
    Fault("a damaged DKIM key", text("resend._domainkey", f'"{DKIM}\\"'), "dkim.damaged"),
    Fault("a weak DKIM key", text("resend._domainkey", WEAK_DKIM), "dkim.weak"),
    Fault("a DKIM key with the domain doubled", doubled_domain, "dns.misplaced"),
    Fault("no DMARC record", text("_dmarc"), "dmarc.missing", W),
    Fault(
        "two DMARC records",
        text("_dmarc", "v=DMARC1; p=none", "v=DMARC1; p=reject"),
        "dmarc.doubled",
        W,
    ),
    Fault(
        "a malformed DMARC record", text("_dmarc", "v=DMARC1; policy=none"), "dmarc.malformed", W
    ),
    Fault(
        "a DMARC record in small letters", text("_dmarc", "v=dmarc1; p=none"), "dmarc.malformed", W
    ),
    Fault("no MX at the return path", return_path(), "return_path.missing"),
    Fault(
        "no MX at the return path, and a key that may not list",
        everything(sending_only, return_path()),
        "return_path.missing_or_elsewhere",
        W,
    ),
    Fault(
        "an MX of somebody else at the return path",
        return_path("mx.host.test"),
        "return_path.other",
    ),
    Fault(
        "an MX of another region at the return path",
        return_path("feedback-smtp.eu-west-1.amazonses.com"),
        "return_path.region",
    ),
    Fault(
        "a DNS server that fails",
        lambda world: world.zone.broken.add(f"_dmarc.{DOMAIN}"),
        "dns.unknown",
        C,
    ),
    # environment
    Fault("a proxy that is none", env(HTTPS_PROXY="ftp://proxy"), "proxy.malformed"),
    Fault("a SOCKS proxy", env(HTTP_PROXY="socks5://user:pw@127.0.0.1:1"), "proxy.socks"),
    Fault(
        "a certificate file that is not there",
        env(SSL_CERT_FILE="/nowhere/ca.pem"),
        "certificates.no_file",
    ),
    Fault("a clock ten minutes ahead", clock_off(600), "clock.ahead", W),
    Fault("a clock two minutes behind", clock_off(-120), "clock.behind", W),
)
