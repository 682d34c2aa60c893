"""What a mail says is drawn so that it can do nothing, with links and codes covered."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.console.pages.markup import mask_markup
from mailproof.console.pages.masking import codes_in, mask, mask_subject
from mailproof.console.pages.preview import draw, letter_of
from mailproof.mail.lifecycle import State
from mailproof.store.base import Database
from mailproof.store.mails.erasing import erase
from mailproof.testing import ManualClock
from tests.console.frame_world import clock, database  # noqa: F401 - fixtures
from tests.console.mail_world import make_mail_world, seed

SECRETS = ("s3cr3t", "223")


def drawn(html: str, *, masked: bool = True, expected: bool = True) -> str:
    letter = letter_of({"html": html}, expected=expected)
    page = draw(letter, masked=masked, lang="en", title="").decode()
    return page.split("<body>", 1)[1]


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("481 223 is your code", "481 ••• is your code"),
        ("481223 is your Tidewell code", "481••• is your Tidewell code"),
        ("Your code: 4821", "Your code: •••"),
        ("Your code is XKQP-28FA", "Your code is XKQP•••"),
        ("G-482910 is your verification code", "G-48••• is your verification code"),
        ("您的验证码是 482103，10 分钟内有效", "您的验证码是 482•••，10 分钟内有效"),
        ("【启明】验证码：482103", "【启明】验证码：482•••"),
        ("認証コード 482103", "認証コード 482•••"),
        ("인증번호 482103", "인증번호 482•••"),
        ("Ihr Bestätigungscode lautet 482103", "Ihr Bestätigungscode lautet 482•••"),
        ("Invoice 2026-1107", "Invoice 2026-1107"),
        ("Order 123456 has shipped", "Order 123456 has shipped"),
        ("Welcome to Tidewell", "Welcome to Tidewell"),
        ("Open https://a.test/confirm?t=1", "Open https://a.test/•••"),
    ],
)
def test_a_code_in_a_subject_is_covered_and_the_rest_is_read(subject: str, shown: str) -> None:
    assert mask_subject(subject, expected=False) == shown


def test_where_a_code_is_expected_any_group_of_digits_is_covered_but_a_year() -> None:
    assert mask_subject("482103 for Tidewell", expected=True) == "482••• for Tidewell"
    assert mask_subject("Tidewell news, autumn 2026", expected=True).endswith("2026")


@pytest.mark.parametrize(
    "link",
    [
        "https://app.test/confirm?token=s3cr3t",
        "http://s3cr3t:s3cr3t@app.test/s3cr3t",
        "www.app.test/confirm/s3cr3t",
        "app.test/confirm?t=s3cr3t",
        "myapp://login/s3cr3t",
        "https://app.test#s3cr3t",
    ],
)
def test_a_link_is_covered_behind_its_host(link: str) -> None:
    shown = mask(f"Open {link} now, or 打开 {link}。", ())
    assert "s3cr3t" not in shown
    assert shown.startswith("Open ")
    assert shown.endswith("。")
    assert "app.test" in shown or link.startswith(("http://s3", "myapp"))


@pytest.mark.parametrize(
    "html",
    [
        "<p>Your code:</p><p>481223</p>",
        "<p>Your code is <b>481</b> <b>223</b></p>",
        "<p>Your code</p><table><tr>"
        + "".join(f"<td>{digit}</td>\n" for digit in "481223")
        + "</tr></table>",
        "Code:<b>481223</b>Do not share it",
        "<span>4</span><span>8</span><span>1</span><span>2</span><span>2</span><span>3</span> code",
        "Your code: &#52;&#56;&#49;&#50;&#50;&#51;",
        '<img alt="code 481223">',
    ],
)
@pytest.mark.parametrize("expected", [True, False])
def test_a_code_is_covered_however_it_is_spread_over_the_markup(
    html: str, *, expected: bool
) -> None:
    covered = re.sub(r"<[^>]*>|[\s\u200b]", "", drawn(html, expected=expected))
    assert "•" in covered
    assert "223" not in covered
    letter = letter_of({"html": html}, expected=expected)
    source = re.sub(r"<(?!img)[^>]*>|\s", "", mask_markup(html, letter.codes))
    assert "223" not in source


def test_a_code_that_is_known_from_the_text_is_covered_in_the_markup_too() -> None:
    letter = letter_of({"text": "Your code: 48122", "html": "<i>48122</i>"}, expected=False)
    assert "48122" not in draw(letter, masked=True, lang="en", title="").decode()


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://a.test/s3cr3t">Confirm</a>',
        "<a href=/confirm/s3cr3t>Confirm</a>",
        '<a href="&#104;ttps://a.test/s3cr3t">Confirm</a>',
        "<a href=\"javascript:open('s3cr3t')\">Confirm</a>",
        '<img src="https://a.test/s3cr3t.gif">',
        '<img src="data:image/png;base64,s3cr3t">',
        '<div style="background:url(https://a.test/s3cr3t)">x</div>',
        '<style>@import "https://a.test/s3cr3t"; b { background: url(//a.test/s3cr3t) }</style>',
        '<form action="/s3cr3t"><input value="s3cr3t"></form>',
        "<!-- https://a.test/s3cr3t -->",
        "https://a.test/<wbr>s3cr3t",
        "<script>var token = 's3cr3t'</script>",
        "<svg><a href='/s3cr3t'><text>x</text></a></svg>",
    ],
)
def test_no_link_survives_in_the_preview(html: str) -> None:
    assert "s3cr3t" not in drawn(html)


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        '<p onclick="alert(1)">x</p>',
        "<iframe src=https://a.test></iframe>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        '<form action="https://a.test"><input name=a><button>Go</button></form>',
        '<base href="https://a.test"><link rel=stylesheet href=https://a.test/x.css>',
        '<meta http-equiv=refresh content="0;url=https://a.test">',
        "<style></style><img src=x onerror=alert(1)></style>",
        "<style>b {}</style x><form action=https://a.test><script>alert(1)</script></form></style>",
        "<style>b {}</style/><a href=https://a.test>x</a></style>",
        '<p title="</p><script>alert(1)</script>">x</p>',
        "</body></html><script>alert(1)</script>",
        "<b><noscript><p title='</noscript><script>alert(1)</script>'>",
        "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    ],
)
@pytest.mark.parametrize("masked", [True, False])
def test_nothing_in_a_mail_can_act_not_even_when_it_is_revealed(html: str, *, masked: bool) -> None:
    body = drawn(html, masked=masked)
    tags = re.findall(r"<[a-z][^>]*>", body)
    assert not [tag for tag in tags if re.search(r"(?i)<(script|iframe|form|input|svg|meta)", tag)]
    assert not [tag for tag in tags if re.search(r"(?i)\s(on\w+|href|action|src)\s*=", tag)]


def test_styles_that_hide_from_old_readers_in_a_comment_still_count() -> None:
    assert "<style> b { color: red } --></style>" in drawn(
        "<style><!-- b { color: red } --></style>"
    )


@pytest.mark.parametrize(
    "html",
    [
        "".join(f"<td style='x'>{100_000 + n}</td>" for n in range(5_000)),
        "<style " * 20_000,
        "<a b" * 35_000,
        "<!--" * 35_000,
    ],
)
def test_no_mail_keeps_the_process_busy_for_long(html: str) -> None:
    began = time.process_time()
    letter = letter_of({"html": html}, expected=True)
    draw(letter, masked=True, lang="en", title="")
    mask_markup(letter.html, letter.codes)
    assert time.process_time() - began < 3


@given(st.text(), st.booleans())
def test_whatever_the_markup_is_every_tag_is_closed_again(
    source: str,
    masked: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    body = drawn(f"<p><b>{source}", masked=masked)
    for tag in ("b", "p", "div", "table", "span"):
        opened = len(re.findall(rf"<{tag}[ >]", body.split("mailproof-subject")[-1]))
        assert body.count(f"</{tag}>") >= opened or tag == "p"


@given(
    st.from_regex(r"[0-9]{6}", fullmatch=True),
    st.sampled_from(
        ["Your code is {}", "{} 是您的验证码", "code:\n\n{}\n", "PIN {}.", "<b>{}</b> code"]
    ),
)
def test_a_code_of_six_digits_is_never_whole_in_what_is_shown(code: str, form: str) -> None:
    told = form.format(code)
    letter = letter_of({"subject": told, "text": told, "html": f"<p>{told}</p>"}, expected=False)
    assert code not in draw(letter, masked=True, lang="en", title="").decode().split("<body>")[1]
    assert code not in mask(told, codes_in(told, expected=False))
    assert code not in mask_markup(letter.html, letter.codes)


async def test_the_preview_is_locked_down_by_its_own_policy(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    email_id = await seed(database, State.QUEUED)
    await world.signed_in("vera", "viewer")
    heard = await world.ask("GET", f"/console/mails/{email_id}/preview")
    assert heard.status == 200
    policy = heard.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy
    assert heard.headers["cache-control"] == "no-store"
    assert "Welcome to Tidewell, Maya" in heard.text
    assert not [secret for secret in SECRETS if secret in heard.text]


async def test_the_source_shows_all_that_was_sent_with_its_secrets_covered(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    content = {
        "headers": {"X-Token": "code 990017"},
        "tags": [{"name": "mailproof_id", "value": "ours"}, {"name": "kind", "value": "welcome"}],
        "attachments": [{"filename": "terms.pdf", "content": "QUJD" * 100}],
    }
    email_id = await seed(database, State.QUEUED, content=content)
    await world.signed_in("vera", "viewer")
    page = await world.seen(f"/console/mails/{email_id}/source")
    assert "&lt;h1&gt;Welcome to Tidewell, Maya&lt;/h1&gt;" in page
    assert "https://app.tidewell.example/•••" in page
    assert "terms.pdf, 300 B" in page
    assert "welcome" in page
    assert "mailproof_id" not in page
    assert "990017" not in page
    assert not [secret for secret in SECRETS if secret in page]
    assert "481 223" not in page


async def test_an_admin_who_reveals_is_recorded_before_anything_is_shown(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    email_id = await seed(database, State.QUEUED)
    await world.signed_in()
    asking = await world.seen(f"/console/mails/{email_id}/reveal")
    assert "s3cr3t" not in asking
    assert "It is recorded" in asking
    heard = await world.post(f"/console/mails/{email_id}/reveal")
    assert "https://app.tidewell.example/confirm?token=s3cr3t-t0ken" in heard.text
    assert "481 223 is your code" in heard.text
    assert "<script" not in heard.text
    assert heard.headers["content-security-policy"].startswith("sandbox;")
    assert heard.headers["cache-control"] == "no-store"
    last = (await world.mail_events(email_id))[-1]
    assert (last.type, last.actor, last.data) == ("email.revealed", "console:lena", {})
    assert "Contents revealed" in await world.seen(f"/console/mails/{email_id}")


async def test_a_viewer_may_not_reveal_and_nothing_is_shown(
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    email_id = await seed(database, State.QUEUED)
    await world.signed_in("vera", "viewer")
    for heard in (
        await world.ask("GET", f"/console/mails/{email_id}/reveal"),
        await world.post(f"/console/mails/{email_id}/reveal"),
    ):
        assert heard.status == 403
        assert "s3cr3t" not in heard.text
    assert "email.revealed" not in {each.type for each in await world.mail_events(email_id)}
    assert "/reveal" not in await world.seen(f"/console/mails/{email_id}")


@pytest.mark.parametrize("page", ["preview", "source", "reveal"])
async def test_what_is_erased_has_no_page_and_the_mail_says_why(
    page: str,
    database: Database,  # noqa: F811
    clock: ManualClock,  # noqa: F811
) -> None:
    world = await make_mail_world(database, clock)
    email_id = await seed(database, State.SENT)
    await database.write(erase, [email_id])
    await world.signed_in()
    assert (await world.ask("GET", f"/console/mails/{email_id}/{page}")).status == 404
    told = await world.seen(f"/console/mails/{email_id}")
    assert "What it said is erased." in told
    assert "erased as soon as it is sent" in told
