"""Flask, with the official SDK. Run it: `flask --app flask_app run`"""

import os

import resend  # RESEND_API_KEY and RESEND_API_URL lead it to Mailproof
from flask import Flask, abort, redirect, request, session
from mail_status import FORM, may_ask_again, page, status_url
from werkzeug.wrappers import Response

app = Flask(__name__)
app.secret_key = os.environ["SECRET"]
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"


def send(address: str) -> None:
    """Sends the mail; whoever asked may see how it stands."""
    status = status_url("registration", address)
    resend.Emails.send(
        {
            "from": os.environ["MAIL_FROM"],
            "to": address,
            "subject": "Activate your account",
            "html": '<a href="https://app.example/activate">Activate your account</a>',
            "headers": {"Mailproof-Purpose": "registration"},
        }
    )
    session.update(address=address, status=status)


@app.get("/")
def form() -> str:
    """Where the address is given, and given anew."""
    return FORM.format(fields="")


@app.post("/")
def sign_up() -> Response:
    """The person signs up."""
    send(request.form["email"])
    return redirect("/sent", 303)


@app.get("/sent")
def sent() -> str:
    """In place of "Check your email": what is true."""
    return page(session["status"]) if "status" in session else abort(404)


@app.post("/again")
def again() -> dict[str, str]:
    """The person asks for another mail."""
    if "status" not in session:
        abort(403)
    if not may_ask_again(session["status"]):
        abort(429)
    send(session["address"])
    return {"status": session["status"]}
