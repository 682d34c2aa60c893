"""Django, with the official SDK. Run it: `python django_app.py runserver`"""

import os
import sys

import resend  # RESEND_API_KEY and RESEND_API_URL lead it to Mailproof
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_GET, require_POST
from mail_status import FORM, may_ask_again, page, status_url

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    CSRF_HEADER_NAME="HTTP_X_CSRF_TOKEN",  # the element's header
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY=os.environ["SECRET"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
)


def send(request: HttpRequest, address: str) -> None:
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
    request.session.update({"address": address, "status": status})


def sign_up(request: HttpRequest) -> HttpResponseBase:
    """Where the address is given, and given anew."""
    if request.method == "POST":
        send(request, request.POST["email"])
        return redirect("/sent")
    token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
    return HttpResponse(FORM.format(fields=token))


@require_GET
def sent(request: HttpRequest) -> HttpResponseBase:
    """In place of "Check your email": what is true."""
    if "status" not in request.session:
        return redirect("/")
    return HttpResponse(page(request.session["status"], f'csrf="{get_token(request)}"'))


@require_POST
def again(request: HttpRequest) -> HttpResponseBase:
    """The person asks for another mail."""
    if "status" not in request.session:
        return HttpResponse(status=403)
    if not may_ask_again(request.session["status"]):
        return HttpResponse(status=429)
    send(request, request.session["address"])
    return JsonResponse({"status": request.session["status"]})


urlpatterns = [path("", sign_up), path("sent", sent), path("again", again)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
