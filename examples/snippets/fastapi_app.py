"""FastAPI, with plain HTTP to Mailproof. Run it: `uvicorn fastapi_app:app`"""

import os
from typing import Annotated

import httpx
from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from mail_status import FORM, KEY, may_ask_again, page, status_url
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET"], same_site="lax")


def send(request: Request, address: str) -> None:
    """Sends the mail; whoever asked may see how it stands."""
    status = status_url("registration", address)
    mail = {
        "from": os.environ["MAIL_FROM"],
        "to": address,
        "subject": "Activate your account",
        "html": '<a href="https://app.example/activate">Activate your account</a>',
    }
    headers = {"Authorization": f"Bearer {KEY}", "Mailproof-Purpose": "registration"}
    url = f"{os.environ['MAILPROOF_URL']}/emails"
    httpx.post(url, json=mail, headers=headers, timeout=30).raise_for_status()
    request.session.update(address=address, status=status)


@app.get("/")
def form() -> HTMLResponse:
    """Where the address is given, and given anew."""
    return HTMLResponse(FORM.format(fields=""))


@app.post("/")
def sign_up(request: Request, email: Annotated[str, Form()]) -> RedirectResponse:
    """The person signs up."""
    send(request, email)
    return RedirectResponse("/sent", 303)


@app.get("/sent")
def sent(request: Request) -> HTMLResponse:
    """In place of "Check your email": what is true."""
    if "status" not in request.session:
        raise HTTPException(404)
    return HTMLResponse(page(request.session["status"]))


@app.post("/again")
def again(request: Request) -> dict[str, str]:
    """The person asks for another mail."""
    if "status" not in request.session:
        raise HTTPException(403)
    if not may_ask_again(request.session["status"]):
        raise HTTPException(429)
    send(request, request.session["address"])
    return {"status": request.session["status"]}
