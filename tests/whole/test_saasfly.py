"""The sign-in mail of SaaSFly, whose app ignores every answer: here somebody hears of it.

The app is as it is shipped: a React element, the result ignored, all of it within a try.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mailproof.diagnosis.guidance.language import OperatorLanguage
from tests.sdk.node import OLD, run
from tests.whole.house import House
from tests.whole.log import Line

# One worker builds its world for all of them.
pytestmark = pytest.mark.xdist_group("whole-saasfly")

ALERTED_WITHIN_S = 10.0
KEY_FIX = {
    "en": "RESEND_API_KEY is `1` in the app's environment",
    "zh": "应用环境变量里的 RESEND_API_KEY 是 `1`",
}
FROM_FIX = {
    "en": "RESEND_FROM is `1` in the app's environment",
    "zh": "应用环境变量里的 RESEND_FROM 是 `1`",
}
PAGED = {
    "placeholder": {"en": "placeholder instead of a key", "zh": "应用在用占位符代替密钥"},
    "wrong_key": {"en": "Resend does not know this API key,", "zh": "Resend 不认识这个 API 密钥"},
}


class Shipped(msgspec.Struct, frozen=True):
    """What came of one installation: its key at the provider is wrong, and one app never got any.

    `kept`: the answer to an app with a good key, `refused` to one with `1` for a key; `paged`: the
    alerts, `paged_s`: when the last one of them came, in seconds after the first call.
    """

    language: OperatorLanguage
    kept: Any
    state: str
    refused: Any
    no_sender: Any
    errors: list[Line]
    paged: list[str]
    paged_s: float


@pytest.fixture(scope="module", params=["en", "zh"])
def shipped(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shipped]:
    folder: Path = tmp_path_factory.mktemp("saasfly")
    with House(folder, language=request.param, provider_key="re_wrongwrong_0123456789") as house:
        began = time.monotonic()
        refused = _call(house, RESEND_API_KEY="1", RESEND_FROM="1")
        kept = _call(house, RESEND_FROM="Acme <news@acme.test>")
        no_sender = _call(house, RESEND_FROM="1")
        house.log.until(lambda: len(house.pager.posts) >= 2, "two alerts")
        took_s = time.monotonic() - began
        errors = [line for line in house.log.lines if line["level"] in {"error", "critical"}]
        events = [post.event for post in house.pager.posts]
        texts = [f"{event['title']}\n{event['message']}" for event in events]
        state = house.state_of(kept["lost"]["data"]["id"])
        yield Shipped(request.param, kept, state, refused, no_sender, errors, texts, paged_s=took_s)


def _call(house: House, **env: str) -> Any:
    seen = run("saasfly.mjs", str(OLD), "ada@kunde.test", env={**house.env, **env})
    assert seen["thrown"] is None
    assert seen["printed"] == []
    return seen


def test_with_a_wrong_key_at_the_provider_the_mail_is_kept_until_the_key_is_right(
    shipped: Shipped,
) -> None:
    assert shipped.kept["lost"]["error"] is None
    assert shipped.state == "held"


def test_a_wrong_key_at_the_provider_is_alerted_within_ten_seconds(shipped: Shipped) -> None:
    wanted = PAGED["wrong_key"][shipped.language]
    (text,) = [text for text in shipped.paged if wanted in text]
    assert "RESEND_API_KEY" in text
    assert "[redacted]" not in text
    assert shipped.paged_s < ALERTED_WITHIN_S


def test_the_wrong_key_is_an_error_line_that_says_what_to_do(shipped: Shipped) -> None:
    # Of the mail that met it; or of the route, where the health check was quicker than the mail.
    lines = [line for line in shipped.errors if line["event"] in {"email.held", "route.closed"}]
    assert lines
    for line in lines:
        assert line.get("email_id") in {None, shipped.kept["lost"]["data"]["id"]}
        assert "RESEND_API_KEY" in line["fix"]
        assert "resend.com/api-keys" in line["fix"]


def test_the_shipped_key_is_an_error_line_that_names_the_caller_and_the_line_to_change(
    shipped: Shipped,
) -> None:
    assert shipped.refused["lost"]["error"]["statusCode"] == 400
    line = next(line for line in shipped.errors if line.get("kind") == "placeholder")
    assert line["event"] == "application.refused"
    assert (line["client"], line["user_agent"]) == ("127.0.0.1", "resend-node:2.1.0")
    assert line["fix"].startswith(KEY_FIX[shipped.language])


def test_the_shipped_key_is_alerted_within_ten_seconds_with_caller_and_variable(
    shipped: Shipped,
) -> None:
    wanted = PAGED["placeholder"][shipped.language]
    (text,) = [text for text in shipped.paged if wanted in text]
    assert "127.0.0.1" in text
    assert "RESEND_API_KEY" in text
    assert shipped.paged_s < ALERTED_WITHIN_S


def test_the_shipped_sender_is_an_error_line_that_names_the_app_and_the_line_to_change(
    shipped: Shipped,
) -> None:
    assert shipped.no_sender["lost"]["error"]["statusCode"] == 422
    (line,) = [line for line in shipped.errors if line.get("where") == "from"]
    assert (line["app"], line["client"]) == ("shop", "127.0.0.1")
    assert line["fix"].startswith(FROM_FIX[shipped.language])
    assert "…@" not in line["fix"]
