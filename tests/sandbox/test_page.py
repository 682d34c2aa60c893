"""The page at `/`: what a browser gets, what it may do, and what a foreign page may not."""

import re
import smtplib
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from importlib.resources import files
from typing import Any

import pytest

from mailproof.sandbox.faults.fault import read_fault
from mailproof.sandbox.page import links
from mailproof.sandbox.page.switches import GROUPS
from mailproof.testing import ManualClock, Sandbox
from tests.sandbox.api import Api
from tests.sandbox.paging import BROWSER, do, look, plain, text_of_inbox
from tests.sandbox.receiver import Receiver
from tests.sandbox.smtp_client import connected


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")


def test_a_browser_gets_the_page_and_a_program_what_it_always_got(api: Api) -> None:
    assert "<h1>Inbox</h1>" in look(api)
    there = api.ask("GET", "/")
    assert (there.status, there.headers["location"]) == (307, "/inbox")
    mail_id = api.sent()
    old = api.ask("GET", f"/inbox/{mail_id}", headers=BROWSER)
    assert (old.status, old.headers["location"]) == (303, f"/?mail={mail_id}")
    assert api.ask("GET", "/inbox", headers=BROWSER).headers["location"] == "/"
    assert "1 accepted" in api.ask("GET", "/inbox").raw.decode()


def test_an_empty_inbox_says_how_to_fill_it(api: Api) -> None:
    page = look(api)
    assert "Nothing has arrived yet." in page
    assert f"curl {api.sandbox.url}/emails" in page
    assert api.key in page


def test_a_key_of_ones_own_is_never_shown(start: Callable[..., Api]) -> None:
    from mailproof.testing import GivenKey

    own = "re_9fKq2mVxT7cW4nZb8LpR3sYd6HgJ5aUe"
    api = start(keys=(GivenKey(own),))
    assert own not in look(api)
    api.sent()
    api.sandbox.fail("500")
    api.send()
    for query in ("tab=call", "tab=source", ""):
        assert own not in look(api, query)
    assert "Bearer re_9fK…(35)" in look(api, "tab=call")


def test_the_list_holds_mails_and_lost_calls_newest_first(api: Api, clock: ManualClock) -> None:
    api.sent(to="tom@lakeside.test", subject="First")
    clock.advance(1)
    api.sandbox.fail("unknown-key,status=401")
    for _ in range(3):
        api.send(to="maya@harbour.test", subject="Second")
    listed = text_of_inbox(look(api))
    assert listed.index("maya@harbour.test") < listed.index("tom@lakeside.test")
    assert "Refused, 401 ×3" in listed


@pytest.mark.parametrize(
    ("to", "badge"),
    [
        ("accept-reset@fault.test", "Taken, no answer"),
        ("accept-500@fault.test", "Taken, answered 500"),
        ("bounced@resend.dev", "Bounced"),
        ("complained@resend.dev", "Reported as spam"),
        ("reset-after@fault.test", "No answer"),
        ("503@fault.test", "Refused, 503"),
    ],
)
def test_what_is_special_about_a_mail_stands_in_its_row(
    api: Api, clock: ManualClock, to: str, badge: str
) -> None:
    try:
        api.send(to=to)
    except (ConnectionError, OSError):
        assert "reset" in to
    clock.advance(2)
    assert badge in text_of_inbox(look(api))


def test_a_key_used_twice_is_told_as_sent_once_with_both_times(
    api: Api, clock: ManualClock
) -> None:
    api.send(key="welcome/1")
    clock.advance(61)
    api.send(key="welcome/1")
    page = plain(look(api))
    assert "Same key, sent once" in page
    assert "twice" in page
    assert "Same key, so it was sent once." in page
    assert "welcome/1" in page


def test_every_tab_shows_its_side_of_the_mail(api: Api) -> None:
    mail_id = api.sent(text="Plain hello", headers={"X-Entity-Ref": "42"}, tags=None)
    assert f'src="/inbox/{mail_id}/html"' in look(api, f"mail={mail_id}")
    assert "Plain hello" in look(api, f"mail={mail_id}&tab=text")
    source = look(api, f"mail={mail_id}&tab=source")
    assert '"subject": "Your sign-in link"' in source
    call = plain(look(api, f"mail={mail_id}&tab=call"))
    assert "POST /emails" in call
    assert "authorization: Bearer re_san…(26)" in call
    assert f'"id": "{mail_id}"' in call
    assert "X-Entity-Ref: 42" in plain(source)


def test_a_lost_call_shows_what_was_asked_and_answered(api: Api) -> None:
    api.sandbox.fail("daily_quota_exceeded")
    api.send(to="maya@harbour.test")
    page = plain(look(api))
    assert "This mail was refused." in page
    assert '"name": "daily_quota_exceeded"' in page
    assert "Fault daily_quota_exceeded" in page
    assert "<iframe" not in look(api)


def test_a_call_that_was_cut_before_it_was_read_says_so(api: Api) -> None:
    api.sandbox.fail("reset-before")
    with pytest.raises(OSError, match=r".*"):
        api.send()
    page = plain(look(api))
    assert "This call got no answer." in page
    assert "Recipient not read" in page


def test_webhooks_are_shown_with_their_answers(start: Callable[..., Api]) -> None:
    with Receiver() as receiver:
        receiver.answers = [500]
        api = start(webhooks=(receiver.url,), step_s=0)
        api.sent()
        receiver.wait_for(2)
        api.sandbox.wait_until(lambda: len(api.sandbox.deliveries) >= 2)
        page = plain(look(api))
    # Both are posted at the same moment, so either may be the one that fails.
    told = re.findall(r"email\.(sent|delivered) → (\d+)", page)
    assert {name for name, _ in told} == {"sent", "delivered"}
    assert sorted(status for _, status in told) == ["200", "500"]


def test_a_mail_that_came_over_smtp_shows_its_envelope_and_bytes(clock: ManualClock) -> None:
    letter = b"From: a@acme.test\r\nTo: b@kunde.test\r\nSubject: Hi\r\n\r\nHello\r\n"
    with Sandbox(clock=clock, smtp_port=0) as sandbox:
        api = Api(sandbox)
        with connected(sandbox) as client:
            client.sendmail("a@acme.test", ["b@kunde.test"], letter)
        assert "a@acme.test → b@kunde.test" in plain(look(api))
        assert "Subject: Hi" in look(api, "tab=source")
        assert "RCPT TO: b@kunde.test" in plain(look(api, "tab=call"))
        assert "Greylisted" in look(api)
        do(api, "faults", fault=GROUPS["smtp"]["smtp_nobody"])
        with connected(sandbox) as client, pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@acme.test", ["c@kunde.test"], letter)
        listed = text_of_inbox(look(api))
    assert "c@kunde.test" in listed
    assert "Refused, 550" in listed


def test_without_smtp_there_are_no_switches_for_it(api: Api) -> None:
    assert "Greylisted" not in look(api)


# ---- the mail in its frame


def test_a_mail_can_run_nothing_and_load_nothing(api: Api) -> None:
    evil = "<script>alert(1)</script>"
    mail_id = api.sent(subject=f"Hello {evil}", html=f"<p>Hi</p>{evil}")
    for query in ("", "tab=text", "tab=source", "tab=call"):
        raw = api.ask("GET", f"/?{query}", headers=BROWSER).raw.decode()
        assert evil not in raw
        assert "alert(1)" in unescape(raw)
    framed = api.ask("GET", f"/inbox/{mail_id}/html")
    policy = framed.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src")
    assert "default-src 'none'" in policy
    assert "img-src data:;" in policy
    assert "allow-scripts" not in policy
    page = api.ask("GET", "/", headers=BROWSER)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.raw.decode()
    own = page.headers["content-security-policy"]
    assert "unsafe" not in own
    assert "frame-ancestors 'none'" in own
    assert api.ask("GET", "/inbox/none/html").status == 404


@pytest.mark.parametrize("html", ["<style " * 20_000, "<" * 100_000, "<a b" * 25_000])
def test_no_mail_keeps_the_sandbox_busy_for_long(api: Api, html: str) -> None:
    mail_id = api.sent(html=html)
    began = time.monotonic()
    look(api, f"mail={mail_id}")
    assert time.monotonic() - began < 3


def test_a_picture_that_the_mail_brings_along_is_shown(api: Api) -> None:
    dot = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    files_ = [
        {"filename": "dot.gif", "content": dot, "content_id": "dot"},
        {"filename": "evil.svg", "content": dot, "content_id": "evil"},
    ]
    html = '<img src="cid:dot"><img src="cid:evil"><img src="cid:none">'
    mail_id = api.sent(html=html, attachments=files_)
    framed = api.ask("GET", f"/inbox/{mail_id}/html").raw.decode()
    assert f'src="data:image/gif;base64,{dot}"' in framed
    assert 'src="cid:evil"' in framed
    assert 'src="cid:none"' in framed


def test_a_picture_that_is_shown_a_thousand_times_fills_no_memory(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_PICTURES_MAX", 1_000)
    dot = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    picture = {"filename": "dot.gif", "content": dot, "content_id": "dot"}
    mail_id = api.sent(html='<img src="cid:dot">' * 1_000, attachments=[picture])
    framed = api.ask("GET", f"/inbox/{mail_id}/html").raw.decode()
    assert 0 < framed.count("data:image") < 20
    assert framed.count("cid:dot") > 900


def test_links_are_found_in_html_or_text_once_each(api: Api) -> None:
    api.sent(
        html='<a href="https://a.test/1?x=1&amp;y=2">One</a><a href="https://a.test/1?x=1&amp;y=2">'
        '</a><a href="mailto:x@a.test">Mail</a><a href="javascript:alert(1)">Run</a>'
    )
    api.sent(html=None, text="Go to https://a.test/2, or (http://a.test/3).")
    by_html, by_text = api.sandbox.mails
    page = look(api, f"mail={by_html.id}")
    assert re.findall(r'id="open-\d" href="([^"]*)"', page) == ["https://a.test/1?x=1&y=2"]
    page = look(api, f"mail={by_text.id}")
    assert re.findall(r'id="open-\d" href="([^"]*)"', page) == [
        "https://a.test/2",
        "http://a.test/3",
    ]
    assert 'target="_blank" rel="noopener noreferrer"' in page


# ---- break it


@pytest.mark.parametrize("text", [text for rows in GROUPS.values() for text in rows.values()])
def test_every_switch_is_a_fault_that_can_be_written(text: str) -> None:
    assert read_fault(text)


def test_a_switch_breaks_calls_and_mends_them_again(api: Api, clock: ManualClock) -> None:
    assert 'id="mend-all" disabled' in look(api)
    do(api, "faults", fault=GROUPS["key"]["wrong"])
    begun = look(api)
    assert 'id="switch-wrong" role="switch" aria-checked="true"' in begun
    assert "no call yet" in begun
    clock.advance(60)
    assert api.send().status == 401
    assert api.send().status == 401
    page = look(api)
    assert "2 calls refused" in page
    (fault_id,) = re.findall(r'name="mend" value="([^"]+)"', page)
    do(api, "faults", mend=fault_id)
    api.sent()
    assert 'aria-checked="true"' not in look(api)


def test_all_is_mended_at_once(api: Api) -> None:
    do(api, "faults", fault="503")
    do(api, "faults", fault="slow=8")
    page = look(api)
    assert "Several are on." in page
    assert page.count('aria-checked="true"') == 2
    do(api, "faults", all="mend")
    assert 'aria-checked="true"' not in look(api)
    api.sent()


def test_a_fault_without_a_switch_is_listed_and_can_be_mended(api: Api) -> None:
    api.sandbox.fail("503,count=3,to=*@slow.test")
    do(api, "faults", fault="hang-after,probability=0.5")
    page = look(api)
    assert "503,to=*@slow.test,count=3" in page
    assert "hang-after,probability=0.5" in page
    assert 'aria-checked="true"' not in page


def test_a_fault_that_is_none_is_refused_beside_what_was_written(api: Api) -> None:
    refused = do(api, "faults", fault='nope"><script>')
    assert refused.status == 422
    page = refused.raw.decode()
    assert "is no fault." in page
    assert 'value="nope&#34;&gt;&lt;script&gt;"' in page
    api.sent()


def test_a_receiver_that_bounces_is_a_switch_too(api: Api, clock: ManualClock) -> None:
    do(api, "faults", fault=GROUPS["receiver"]["bounces"])
    mail_id = api.sent(to="ada@kunde.test")
    clock.advance(1)
    assert api.last_event(mail_id) == "bounced"
    assert "1 call met it" in look(api)


def test_emptying_asks_first_and_keeps_the_faults(api: Api) -> None:
    api.sent()
    api.sandbox.fail("500")
    api.send()
    page = look(api, "ask=empty")
    assert "every mail (1) and every call that brought none (1)" in page
    assert re.search(r"<dialog[^>]* open>", page)
    done = do(api, "empty", back="mail=gone&tab=text")
    assert (done.status, done.headers["location"]) == (303, "/")
    assert "Nothing has arrived yet." in look(api)
    assert api.send().status == 500


# ---- language, caching, files


def test_the_page_speaks_the_language_that_is_asked_for_remembered_or_preferred(api: Api) -> None:
    chinese = {"accept-language": "zh-CN,zh;q=0.9"}
    assert '<html lang="zh-Hans">' in look(api, **chinese)
    assert '<html lang="en">' in look(api, "lang=en", **chinese)
    chosen = api.ask("GET", "/?lang=zh", headers=BROWSER)
    cookie = chosen.headers["set-cookie"].partition(";")[0]
    assert '<html lang="zh-Hans">' in look(api, cookie=cookie)
    assert '<html lang="en">' in look(api, "lang=en", cookie=cookie)


def test_both_languages_say_the_same_things_with_the_same_blanks() -> None:
    def flat(tree: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, list[str]]]:
        for name, value in tree.items():
            if isinstance(value, str):
                yield f"{before}{name}", sorted(re.findall(r"{\w+}", value))
            else:
                yield from flat(value, f"{before}{name}.")

    folder = files("mailproof.sandbox.page") / "words"
    english, chinese = (
        dict(flat(tomllib.loads((folder / f"{each}.toml").read_text("utf-8"))))
        for each in ("en", "zh")
    )
    assert english == chinese
    switches = [name for rows in GROUPS.values() for name in rows]
    assert [name for name in switches if f"switch.{name}.what" not in english] == []


def test_a_page_that_has_not_changed_is_not_sent_again(api: Api) -> None:
    mark = api.ask("GET", "/", headers=BROWSER).headers["etag"]
    asked = {**BROWSER, "if-none-match": mark}
    assert api.ask("GET", "/", headers=asked).status == 304
    api.sent()
    assert api.ask("GET", "/", headers=asked).status == 200


def test_its_files_may_be_kept_as_long_as_their_mark_is_in_the_address(api: Api) -> None:
    for url in re.findall(r"/_sandbox/static/[^\"]+", look(api)):
        answer = api.ask("GET", url)
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
        assert api.ask("GET", url.partition("?")[0]).headers["cache-control"] == "no-store"
    assert api.ask("GET", "/_sandbox/static/none.js").status == 404


def test_no_fault_and_no_limit_touches_the_page(start: Callable[..., Api]) -> None:
    api = start(rate_per_s=1)
    api.sandbox.fail("reset-before")
    for _ in range(5):
        assert "<h1>Inbox</h1>" in look(api)


def test_what_is_gone_says_so(api: Api) -> None:
    api.sent()
    assert "This mail is not here any more." in look(api, "mail=none")
    assert "This mail is not here any more." in look(api, "call=99999999")
    assert "This mail is not here any more." not in look(api)
