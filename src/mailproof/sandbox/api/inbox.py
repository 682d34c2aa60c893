"""What arrived: as JSON, as a plain list for what is no browser, and the bytes of one mail.

A browser is shown the way to the page at `/`.
"""

from collections.abc import Iterable, Mapping
from html import escape
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from mailproof.sandbox.account import Account
from mailproof.sandbox.api.admin import describe_mail
from mailproof.sandbox.api.call import Json
from mailproof.sandbox.clock import iso
from mailproof.sandbox.messages.message import Mail
from mailproof.sandbox.page.serving import wants_page

__all__ = ["INBOX_ROUTES"]

_PAGE: Final = """<!doctype html>
<html lang="{lang}"><meta charset="utf-8"><title>{title} · Mailproof sandbox</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="icon" href="data:,">{head}
<style>:root{{color-scheme:light dark}}
body{{font:1rem/1.5 system-ui,sans-serif;margin:2rem;max-width:70rem}}
table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;vertical-align:top;
padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8886;overflow-wrap:anywhere}}
th{{white-space:nowrap}}iframe{{width:100%;height:32rem;border:1px solid #8886;background:#fff;
color-scheme:light}}pre{{white-space:pre-wrap;overflow-wrap:anywhere}}</style>
<h1>{title}</h1>{content}</html>
"""
_SHOWN_MAX: Final = 500
_FIRST_ERROR: Final = HTTPStatus.BAD_REQUEST
# New mail shows by itself; five seconds leave time to read and to click.
_LOOK_AGAIN: Final = '<meta http-equiv="refresh" content="5">'
# No script and no form runs; a link opens a tab of its own, as it does in a mail program.
_FRAME: Final = (
    '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox"'
    ' srcdoc="{html}" title="HTML"></iframe>'
)
# A browser must not take a mail for a page because of what stands in it.
_NO_SNIFF: Final = {"x-content-type-options": "nosniff"}
_NEW_TAB: Final = '<base target="_blank">'

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "inbox": "Inbox: {count} accepted",
        "empty": "Nothing has arrived yet.",
        "latest": "The latest {count} are shown.",
        "refused": "Requests to send that were refused or got no answer: {count}.",
        "refused_link": "Look at the requests",
        "back": "Back to the inbox",
        "none": "No such mail",
        "no_subject": "(no subject)",
        "accepted": "Accepted (UTC)",
        "from": "From",
        "to": "To",
        "cc": "Cc",
        "bcc": "Bcc",
        "reply_to": "Reply-To",
        "subject": "Subject",
        "state": "State",
        "idempotency_key": "Idempotency key",
        "attachments": "Attachments",
        "events": "Events",
        "text": "Plain text",
        "envelope": "SMTP envelope",
        "source": "The mail as it came",
    },
    "zh": {
        "inbox": "收件箱：已接收 {count} 封",
        "empty": "还没有收到邮件。",
        "latest": "只显示最近 {count} 封。",
        "refused": "有 {count} 个发信请求被拒绝，或没有得到应答。",
        "refused_link": "查看请求",
        "back": "返回收件箱",
        "none": "没有这封邮件",
        "no_subject": "（无主题）",
        "accepted": "接收时间（UTC）",
        "from": "发件人",
        "to": "收件人",
        "cc": "抄送",
        "bcc": "密送",
        "reply_to": "回复地址",
        "subject": "主题",
        "state": "状态",
        "idempotency_key": "幂等键",
        "attachments": "附件",
        "events": "事件",
        "text": "纯文本",
        "envelope": "SMTP 信封",
        "source": "邮件原文",
    },
}


def _language(request: Request) -> str:
    return "zh" if request.headers.get("accept-language", "").lower().startswith("zh") else "en"


def _page(lang: str, title: str, content: str, *, head: str = "", status: int = 200) -> Response:
    text = _PAGE.format(lang=lang, title=escape(title), content=content, head=head)
    return HTMLResponse(text, status)


async def show_inbox(request: Request) -> Response:
    """GET /inbox: the last mails, newest first; JSON when that is asked for."""
    account: Account = request.app.state.account
    now = account.clock.now()
    mails = list(account.mails.values())[: -_SHOWN_MAX - 1 : -1]
    if "application/json" in request.headers.get("accept", ""):
        return Json({"data": [describe_mail(mail, now) for mail in mails]})
    if wants_page(request):
        return RedirectResponse("/", 303)
    lang = _language(request)
    words = _WORDS[lang]
    titles = (words[name] for name in ("accepted", "from", "to", "subject", "state"))
    rows = "".join(_row(mail, now, words) for mail in mails)
    head = "".join(f"<th>{title}" for title in titles)
    content = f"<table><tr>{head}{rows}</table>" if mails else f"<p>{words['empty']}</p>"
    if len(account.mails) > len(mails):
        content += f"<p>{words['latest'].format(count=len(mails))}</p>"
    title = words["inbox"].format(count=len(account.mails))
    return _page(lang, title, _refused(account, words) + content, head=_LOOK_AGAIN)


def _refused(account: Account, words: Mapping[str, str]) -> str:
    """Whoever misses a mail here looks for it among the requests that brought none."""
    count = sum(
        not each.status or each.status >= _FIRST_ERROR
        for each in account.arrivals
        if each.method == "SMTP" or (each.method == "POST" and each.path.startswith("/emails"))
    )
    if not count:
        return ""
    link = f'<a href="/_sandbox/requests">{words["refused_link"]}</a>'
    return f"<p>{words['refused'].format(count=count)} {link}</p>"


def _row(mail: Mail, now: float, words: Mapping[str, str]) -> str:
    message = mail.message
    cells = (
        iso(mail.accepted_at),
        message.sender,
        ", ".join(message.recipients),
        message.subject.strip() or words["no_subject"],
        mail.last_event(now),
    )
    texts = [escape(cell) for cell in cells]
    texts[3] = f'<a href="/inbox/{mail.id}">{texts[3]}</a>'
    return "<tr>" + "".join(f"<td>{text}" for text in texts)


async def show_mail(request: Request) -> Response:
    """GET /inbox/{id}: one mail. Its HTML runs in a frame that may open links and do no more."""
    account: Account = request.app.state.account
    mail, lang = account.mails.get(request.path_params["id"]), _language(request)
    words = _WORDS[lang]
    back = f'<p><a href="/inbox">{words["back"]}</a></p>'
    if mail is None:
        return _page(lang, words["none"], back, status=404)
    now, message = account.clock.now(), mail.message
    if "application/json" in request.headers.get("accept", ""):
        return Json(describe_mail(mail, now))
    if wants_page(request):
        return RedirectResponse(f"/?mail={mail.id}", 303)
    facts = "".join(
        f"<tr><th>{words[name]}<td>{escape(value)}" for name, value in _facts(mail, now) if value
    )
    content = f"{back}<table>{facts}</table>"
    if message.html:
        content += "<h2>HTML</h2>" + _FRAME.format(html=escape(_NEW_TAB + message.html))
    if message.text:
        content += f"<h2>{words['text']}</h2><pre>{escape(message.text)}</pre>"
    if mail.handover is not None:
        content += f'<p><a href="/inbox/{mail.id}/source">{words["source"]}</a></p>'
    return _page(lang, message.subject.strip() or words["no_subject"], content)


def _facts(mail: Mail, now: float) -> Iterable[tuple[str, str]]:
    message = mail.message
    yield "from", message.sender
    yield "to", ", ".join(message.to)
    yield "cc", ", ".join(message.cc)
    yield "bcc", ", ".join(message.bcc)
    yield "reply_to", ", ".join(message.reply_to)
    yield "attachments", ", ".join(file.filename or file.path for file in message.attachments)
    if mail.handover is not None:
        to = ", ".join(mail.handover.recipients)
        yield "envelope", f"{mail.handover.sender} → {to}"
    yield "idempotency_key", mail.idempotency_key or ""
    yield "accepted", iso(mail.accepted_at)
    passed = [moment for moment in mail.moments if moment.at <= now]
    yield "events", ", ".join(f"{moment.event} {iso(moment.at)}" for moment in passed)


async def show_source(request: Request) -> Response:
    """GET /inbox/{id}/source: every byte of a mail that came over SMTP."""
    account: Account = request.app.state.account
    mail = account.mails.get(request.path_params["id"])
    if mail is None or mail.handover is None:
        return Response("", 404, media_type="text/plain")
    return Response(mail.handover.raw, media_type="text/plain; charset=utf-8", headers=_NO_SNIFF)


INBOX_ROUTES = (
    Route("/inbox", show_inbox, methods=["GET"]),
    Route("/inbox/{id}", show_mail, methods=["GET"]),
    Route("/inbox/{id}/source", show_source, methods=["GET"]),
)
