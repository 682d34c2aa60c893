"""Each seeded fault is named, hides no other, and a healthy setup has none."""

import pytest

from mailproof.doctor.finding import Status
from tests.doctor.fault_table import FAULTS
from tests.doctor.faults import Fault
from tests.doctor.resend_server import KEY, SENDING_ONLY, refusal
from tests.doctor.world import World, bad, keys_of


async def test_nothing_is_found_where_nothing_is_wrong(world: World) -> None:
    notes = await world.examined()
    assert bad(notes) == set()
    assert {"access.full", "domain.verified", "dkim.ok", "return_path.ok"} <= keys_of(notes)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_seeded_fault_is_named(world: World, fault: Fault) -> None:
    fault.seed(world)
    notes = await world.examined()
    assert fault.key in keys_of(notes, fault.status), sorted(bad(notes))


def test_no_fault_is_seeded_twice() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)


async def test_one_run_names_every_fault_and_not_only_the_first(world: World) -> None:
    world.env |= {"RESEND_API_KEY": f'"Bearer {KEY}\n"', "RESEND_FROM": "a@b@acme.test"}
    world.env |= {
        "DATABASE_URL": "postgres://app:se#cret@db:5432/app",
        "SMTP_URL": "mail.acme.test",
    }
    assert bad(await world.examined()) >= {
        "key.quoted",
        "key.bearer",
        "key.newline",
        "sender.malformed",
        "database.unescaped",
        "smtp_url.no_scheme",
    }


async def test_the_settings_of_saasfly_are_both_named(world: World) -> None:
    world.env |= {"RESEND_API_KEY": "1", "RESEND_FROM": "1"}
    notes = await world.examined()
    assert keys_of(notes, Status.FAILED) == {"key.placeholder", "sender.placeholder"}
    assert [note.facts["value"] for note in notes if note.key.endswith("placeholder")] == ["1", "1"]


async def test_a_placeholder_is_never_sent_but_resend_is_still_reached(world: World) -> None:
    world.env["RESEND_API_KEY"] = "re_123456789"
    notes = await world.examined()
    assert "reach.ok" in keys_of(notes, Status.OK)
    assert all("Authorization" not in headers for _, _, headers, _ in world.resend.seen)


async def test_another_providers_key_is_never_sent_to_resend(world: World) -> None:
    world.env["RESEND_API_KEY"] = "SG.abcdefghijklmnop.qrstuvwxyz0123456789"
    await world.examined()
    assert all("Authorization" not in headers for _, _, headers, _ in world.resend.seen)


async def test_a_quoted_key_is_tried_without_its_quotes(world: World) -> None:
    world.env["RESEND_API_KEY"] = f"'{KEY}'"
    notes = await world.examined()
    assert keys_of(notes, Status.FAILED) == {"key.quoted"}
    assert "access.full" in keys_of(notes, Status.OK)


async def test_no_mail_is_sent_unless_asked_for(world: World) -> None:
    world.resend.listing = SENDING_ONLY
    await world.examined()
    assert world.resend.mails == []
    sent = [body for method, _, _, body in world.resend.seen if method == "POST"]
    assert [{"to", "cc", "bcc"} & set(body) for body in sent] == [set()]


async def test_a_test_mail_goes_out_when_asked_for_and_to_that_address_only(world: World) -> None:
    world.test_to = "me@acme.test"
    notes = await world.examined()
    assert "test_mail.accepted" in keys_of(notes, Status.OK)
    assert [mail["to"] for mail in world.resend.mails] == [["me@acme.test"]]


async def test_a_sending_only_key_is_good_news_when_dns_has_the_records(world: World) -> None:
    world.resend.listing = SENDING_ONLY
    notes = await world.examined()
    assert keys_of(notes, Status.FAILED, Status.WARNING) == set()
    assert "access.sending_only" in keys_of(notes, Status.OK)
    assert "domain.dns_says_yes" in keys_of(notes, Status.CANNOT_TELL)


async def test_the_records_that_resend_misses_are_in_the_fix(world: World) -> None:
    world.resend.domains[0]["status"] = "pending"
    world.resend.records = [
        {
            "record": "DKIM",
            "name": "resend._domainkey",
            "type": "TXT",
            "value": "p=MIG",
            "status": "pending",
        },
        {
            "record": "SPF",
            "name": "send",
            "type": "MX",
            "value": "feedback",
            "priority": 10,
            "status": "verified",
        },
        {"record": "Receiving", "name": "", "type": "MX", "value": "inbound", "status": "pending"},
    ]
    (note,) = [note for note in await world.examined() if note.key == "domain.pending"]
    assert note.facts["records"] == "TXT resend._domainkey = p=MIG"


async def test_a_custom_return_path_is_not_looked_for_at_send(world: World) -> None:
    world.zone.drop("send.acme.test")
    world.resend.records = [
        {"record": "SPF", "name": "bounce", "type": "MX", "value": "feedback", "status": "verified"}
    ]
    notes = await world.examined()
    assert keys_of(notes, Status.FAILED) == set()
    assert "return_path.custom" in keys_of(notes, Status.SKIPPED)


async def test_a_long_answer_that_was_cut_over_udp_is_fetched_over_tcp(world: World) -> None:
    world.zone.text("acme.test", "v=spf1 include:amazonses.com ~all", *["x" * 250] * 8)
    assert bad(await world.examined()) == set()


async def test_a_gateway_that_lists_no_domains_is_no_fault(world: World) -> None:
    world.resend.listing = (
        404,
        {
            "statusCode": 404,
            "name": "not_found",
            "message": "The requested endpoint does not exist.",
        },
        {},
    )
    notes = await world.examined()
    assert keys_of(notes, Status.FAILED) == set()
    assert "access.may_send" in keys_of(notes, Status.OK)


async def test_a_key_that_begins_like_a_placeholder_is_asked_about_and_never_shown(
    world: World,
) -> None:
    world.env["RESEND_API_KEY"] = "re_MyKCq3Vn_7xTzWb5RmYpLs2JhGfQeUaN4"
    notes = await world.examined()
    assert keys_of(notes, Status.FAILED) == {"access.refused"}
    assert "7xTz" not in repr(notes)


async def test_a_domain_is_its_own_however_it_is_written(world: World) -> None:
    world.env["RESEND_FROM"] = "hallo@Fußball.test"
    world.publish("xn--fuball-cta.test")
    world.resend.add_domain("Fußball.test", "verified")
    assert bad(await world.examined()) == set()


async def test_a_subdomain_of_any_depth_inherits_dmarc(world: World) -> None:
    world.env["RESEND_FROM"] = "a@eu.mail.acme.test"
    world.publish("eu.mail.acme.test")
    world.zone.drop("_dmarc.eu.mail.acme.test")
    world.resend.add_domain("eu.mail.acme.test", "verified")
    notes = await world.examined()
    assert bad(notes) == set()
    (note,) = [note for note in notes if note.key == "dmarc.ok"]
    assert note.facts["name"] == "_dmarc.acme.test"


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 include:_spf.host.test ~all",
        "V=SPF1 INCLUDE:_spf.host.test ~ALL",
        "v=spf1 redirect=_spf.host.test",
        "v=spf1 include:%{ir}.%{v}.%{d}.host.test exists:%{i}.host.test ~all",
        "v=spf1 a:mail.%{d} mx/24 ip6:2001:db8::/32 ip4:192.0.2.1 -all exp=why.%{d}",
        # Beside an `all`, receivers do not follow the redirect.
        "v=spf1 " + "a:x.test " * 9 + "~all redirect=_spf.host.test",
    ],
)
async def test_spf_as_people_write_it_is_no_fault(world: World, record: str) -> None:
    world.zone.text("_spf.host.test", "v=spf1 a mx ~all")
    world.zone.text("acme.test", record)
    assert bad(await world.examined()) == set()


@pytest.mark.parametrize(
    "record", ["v = DMARC1 ; p = reject ; sp=none; pct=20", "v=DMARC1; rua=mailto:d@acme.test"]
)
async def test_dmarc_as_people_write_it_is_no_fault(world: World, record: str) -> None:
    world.zone.text("_dmarc.acme.test", record)
    assert bad(await world.examined()) == set()


async def test_a_return_path_that_cannot_be_known_does_not_condemn_the_domain(
    world: World,
) -> None:
    world.resend.listing = SENDING_ONLY
    world.zone.drop("send.acme.test")
    notes = await world.examined()
    assert keys_of(notes, Status.FAILED) == set()
    assert "domain.unclear_return_path" in keys_of(notes, Status.CANNOT_TELL)


async def test_a_used_up_quota_does_not_make_the_key_doubtful(world: World) -> None:
    world.resend.listing = SENDING_ONLY
    world.resend.everything = refusal(429, "monthly_quota_exceeded", "You have reached your quota.")
    assert "access.known" in keys_of(await world.examined(), Status.OK)


async def test_a_test_mail_that_was_accepted_proves_the_domain(world: World) -> None:
    world.resend.listing = SENDING_ONLY
    world.test_to = "me@acme.test"
    notes = await world.examined()
    assert bad(notes) == set()
    assert "domain.verified" in keys_of(notes, Status.OK)


async def test_a_test_mail_whose_answer_was_lost_is_not_called_refused(world: World) -> None:
    world.test_to = "me@acme.test"
    world.resend.everything = (502, "<html>Bad Gateway</html>", {"content-type": "text/html"})
    notes = await world.examined()
    assert "test_mail.uncertain" in keys_of(notes, Status.FAILED)


async def test_a_test_mail_that_cannot_be_sent_is_told(world: World) -> None:
    world.test_to = "me@acme.test"
    world.use_smtp()
    assert "test_mail.not_sent" in keys_of(await world.examined(), Status.CANNOT_TELL)


async def test_a_proxy_for_other_hosts_is_not_told_of(world: World) -> None:
    world.env |= {"HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.1"}
    world.env["HTTPS_PROXY"] = "http://127.0.0.1:1"
    notes = await world.examined()
    assert bad(notes) == set()
    assert "proxy.set" not in keys_of(notes)


async def test_a_server_that_is_told_in_place_of_resend_appears_in_a_line_that_is_safe_to_paste(
    world: World,
) -> None:
    world.env["RESEND_BASE_URL"] += "/$(id)"
    (note,) = [note for note in await world.examined() if note.check == "api.reach"]
    assert "'" + world.resend_url + "/$(id)/domains'" in note.command


async def test_areas_stand_in_the_order_of_a_mails_way_when_all_is_well(world: World) -> None:
    notes = await world.examined()
    assert [note.key for note in notes[:2]] == ["key.ok", "sender.ok"]
