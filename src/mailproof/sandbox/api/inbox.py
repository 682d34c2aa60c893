"""A plain list of what arrived, to be read in a browser."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from mailproof.sandbox.account import Account
from mailproof.sandbox.api.admin import describe_mail
from mailproof.sandbox.api.call import Json
from mailproof.sandbox.clock import iso
from mailproof.sandbox.messages.message import Mail

__all__ = ["INBOX_ROUTES"]

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Mailproof sandbox</title>
<meta name="viewport" content="width=device-width">
<style>body{{font:1rem/1.5 system-ui,sans-serif;margin:2rem;max-width:70rem}}
table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;padding:.3rem .8rem .3rem 0;
border-bottom:1px solid #ccc}}iframe{{width:100%;height:32rem;border:1px solid #ccc}}</style>
<h1>{title}</h1>{content}</html>
"""
_SHOWN_MAX = 500


async def show_inbox(request: Request) -> Response:
    """GET /inbox: the last mails, newest first; JSON when that is asked for."""
    account: Account = request.app.state.account
    now = account.clock.now()
    mails = list(account.mails.values())[: -_SHOWN_MAX - 1 : -1]
    if "application/json" in request.headers.get("accept", ""):
        return Json({"data": [describe_mail(mail, now) for mail in mails]})
    rows = "".join(_row(mail, now) for mail in mails)
    content = (
        f"<table><tr><th>Accepted<th>From<th>To<th>Subject<th>State{rows}</table>"
        if mails
        else "<p>Nothing has arrived yet.</p>"
    )
    return HTMLResponse(_PAGE.format(title=f"{len(account.mails)} accepted", content=content))


def _row(mail: Mail, now: float) -> str:
    message = mail.message
    cells = (
        iso(mail.accepted_at),
        message.sender,
        ", ".join(message.recipients),
        message.subject,
        mail.last_event(now),
    )
    texts = [escape(cell) for cell in cells]
    texts[3] = f'<a href="/inbox/{mail.id}">{texts[3]}</a>'
    return "<tr>" + "".join(f"<td>{text}" for text in texts)


async def show_mail(request: Request) -> Response:
    """GET /inbox/{id}: one mail. Its HTML runs in a frame that may do nothing."""
    account: Account = request.app.state.account
    mail = account.mails.get(request.path_params["id"])
    if mail is None:
        return HTMLResponse(_PAGE.format(title="No such mail", content=""), 404)
    if "application/json" in request.headers.get("accept", ""):
        return Json(describe_mail(mail, account.clock.now()))
    message = mail.message
    content = (
        f"<p>From {escape(message.sender)} to {escape(', '.join(message.recipients))}, "
        f"{iso(mail.accepted_at)}: {mail.last_event(account.clock.now())}</p>"
        f'<iframe sandbox srcdoc="{escape(message.html or message.text)}"></iframe>'
        f"<pre>{escape(message.text)}</pre>"
    )
    return HTMLResponse(_PAGE.format(title=escape(message.subject), content=content))


async def show_home(request: Request) -> Response:
    return RedirectResponse("/inbox")


INBOX_ROUTES = (
    Route("/", show_home, methods=["GET"]),
    Route("/inbox", show_inbox, methods=["GET"]),
    Route("/inbox/{id}", show_mail, methods=["GET"]),
)
