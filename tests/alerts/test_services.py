"""What each chat service gets, in its own shape: the whole message, readable, within its limits."""

import base64
import hashlib
import hmac
import html
import importlib
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from mailproof.alerts import robots
from mailproof.alerts.channels import AppriseChannel, Channel
from mailproof.alerts.robots import RobotChannel, robot_of
from mailproof.alerts.wording import Text, text_of
from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.providers.http import Http
from mailproof.testing import ManualClock
from tests.alerts.services import Services
from tests.alerts.test_wording import message

TOKEN = "f3cdcae9a1b2c3d4e5f60718293a4b5c"
KEY = "693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa"
LANGUAGES: tuple[OperatorLanguage, ...] = ("en", "zh")


def alert(language: OperatorLanguage = "en") -> Text:
    return text_of(message("degraded", severity="WARNING"), language)


def long(language: OperatorLanguage) -> Text:
    """As one whose cause quotes a provider at length."""
    text = alert(language)
    more = "The provider said it once more. " if language == "en" else "服务商又说了一遍。"
    return msgspec.structs.replace(text, body=text.body + "\n" + more * 400)


@pytest.fixture(autouse=True)
async def places(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """The services are on loopback; their addresses stand in their plugins."""
    # The first message loads the plugins.
    assert (
        await AppriseChannel("first", lambda: f"json://{services.place}").deliver(alert()) is None
    )
    services.asked.clear()
    for module, name, attribute, path in (
        ("feishu", "NotifyFeishu", "notify_url", "/feishu/{token}/"),
        ("lark", "NotifyLark", "notify_url", "/lark/"),
        ("telegram", "NotifyTelegram", "notify_url", "/bot"),
        ("slack", "NotifySlack", "webhook_url", "/services"),
    ):
        plugin = getattr(importlib.import_module(f"apprise.plugins.{module}"), name)
        monkeypatch.setattr(plugin, attribute, services.url + path)
        monkeypatch.setattr(plugin, "request_rate_per_sec", 0)
    monkeypatch.setattr(robots, "DINGTALK", f"{services.url}/robot/send")
    monkeypatch.setattr(robots, "WECOM", f"{services.url}/cgi-bin/webhook/send")


@pytest.fixture
def channel(http: Http, clock: ManualClock) -> Callable[[str], Channel]:
    def make(url: str) -> Channel:
        return RobotChannel(AppriseChannel("chat", lambda: url), lambda: url, http, clock)

    return make


def dingtalk(body: Any) -> str:
    assert body["msgtype"] == "text"
    return str(body["text"]["content"])


def feishu(body: Any) -> str:
    assert body["msg_type"] == "text"
    return str(body["content"]["text"])


def slack(body: Any) -> str:
    (attachment,) = body["attachments"]
    return f"{attachment['title']}\n{attachment['text']}"


def telegram(body: Any) -> str:
    assert body["parse_mode"] == "HTML"
    return html.unescape(body["text"].replace("<b>", "").replace("</b>", ""))


def ntfy(body: Any) -> str:
    return f"{body['title']}\n{body['message']}"


# URL, what the service answers when all went well, its text, and its limit with its measure.
Service = tuple[str, str, Callable[[Any], str], int, Callable[[str], int]]


def size_in_bytes(text: str) -> int:
    return len(text.encode())


SERVICES: dict[str, Service] = {
    "dingtalk": (f"dingtalk://{TOKEN}", '{"errcode":0}', dingtalk, 20_000, size_in_bytes),
    "wecom": (f"wecombot://{KEY}", '{"errcode":0}', dingtalk, 2_048, size_in_bytes),
    "feishu": (f"feishu://{TOKEN}", '{"code":0}', feishu, 19_985, size_in_bytes),
    "lark": (f"lark://{TOKEN}", '{"code":0}', feishu, 19_985, size_in_bytes),
    "slack": (f"slack://T1JJ3T3L2/A1BRTD4JD/{TOKEN[:24]}/", "ok", slack, 35_000, len),
    "telegram": (f"tgram://123456789:{TOKEN}/12315544/", '{"ok":true}', telegram, 4_096, len),
    "ntfy": ("ntfy://{place}/alerts", "{}", ntfy, 4_096, size_in_bytes),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_gets_all_of_a_message_as_it_reads_it(
    name: str, language: OperatorLanguage, services: Services, channel: Callable[[str], Channel]
) -> None:
    url, services.body, read, _, _ = SERVICES[name]
    text = alert(language)
    assert await channel(url.replace("{place}", services.place)).deliver(text) is None
    (asked,) = services.asked
    said = "\n".join(line.rstrip() for line in read(asked.json).splitlines() if line.strip())
    assert said == f"{text.title}\n{text.whole}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SERVICES)
async def test_what_is_too_long_ends_with_a_sentence_and_says_where_to_read_more(
    name: str, language: OperatorLanguage, services: Services, channel: Callable[[str], Channel]
) -> None:
    url, services.body, read, most, size = SERVICES[name]
    text = long(language)
    assert await channel(url.replace("{place}", services.place)).deliver(text) is None
    (asked,) = services.asked
    said = read(asked.json)
    assert size(said) <= most
    assert said.rstrip().endswith(text.tail)
    if size(f"{text.title}\n{text.whole}") > most:
        cut = said.rstrip().removesuffix(text.tail).rstrip()
        assert cut.endswith((".…", "。…"))


async def test_a_dingtalk_robot_with_a_secret_is_asked_with_its_signature(
    services: Services, channel: Callable[[str], Channel], clock: ManualClock
) -> None:
    services.body = '{"errcode":0,"errmsg":"ok"}'
    secret = "SECab12cd34ef56"
    url = f"dingtalk://{secret}@{TOKEN}/13800138000"
    assert await channel(url).deliver(alert()) is None
    (asked,) = services.asked
    stamp = str(int(clock.now() * 1_000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    assert asked.query == {
        "access_token": TOKEN,
        "timestamp": stamp,
        "sign": base64.b64encode(digest).decode(),
    }
    assert asked.json["at"] == {"atMobiles": ["13800138000"], "isAtAll": False}


@pytest.mark.parametrize("name", ["dingtalk", "wecom", "feishu", "lark"])
async def test_a_200_that_refuses_the_message_in_its_body_is_a_failure(
    name: str, services: Services, channel: Callable[[str], Channel]
) -> None:
    services.body = (
        '{"errcode":310000,"code":310000,"errmsg":"keywords not in content","msg":"keywords not"}'
    )
    why = await channel(SERVICES[name][0]).deliver(alert())
    assert why is not None
    assert "310000" in why
    assert "keywords not" in why
    assert TOKEN not in why
    assert KEY not in why


async def test_a_robot_whose_answer_says_nothing_has_not_taken_the_message(
    services: Services, channel: Callable[[str], Channel]
) -> None:
    services.body = "<html>Log in to this network</html>"
    why = await channel(f"wecombot://{KEY}").deliver(alert())
    assert why == "The answer does not say whether the message was taken."


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_that_fails_is_told_with_its_status_and_without_its_token(
    name: str, services: Services, channel: Callable[[str], Channel]
) -> None:
    services.status = 503
    url = SERVICES[name][0].replace("{place}", services.place)
    why = await channel(url).deliver(alert())
    assert why is not None
    assert "503" in why
    assert not [token for token in (TOKEN, KEY, TOKEN[:24]) if token in why]


@pytest.mark.parametrize(
    ("url", "service"),
    [
        (f"dingtalk://{TOKEN}/", "dingtalk"),
        (f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}", "dingtalk"),
        (f"wecombot://?key={TOKEN}", "wecombot"),
        (f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={TOKEN}", "wecombot"),
        ("dingtalk://", None),
        (f"slack://{TOKEN}", None),
        (f"https://example.com/?key={TOKEN}", None),
        ("http://[broken", None),
    ],
)
def test_a_robot_is_known_by_its_url_and_shows_no_token(url: str, service: str | None) -> None:
    robot = robot_of(url)
    assert (None if robot is None else (robot.service, robot.token)) == (
        None if service is None else (service, TOKEN)
    )
    assert TOKEN not in repr(robot)
