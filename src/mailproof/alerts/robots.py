"""Chat robots that answer 200 to what they refuse: DingTalk and WeCom.

A wrong signature, a missing keyword, too many messages a minute: all of that is told in the body of
the answer, as `errcode` (open.dingtalk.com, "Custom robots"; developer.work.weixin.qq.com, "Group
robots"). Apprise looks at the status alone and would call a lost alert delivered. So these two are
called from here, with the same URLs.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs, quote_plus, unquote, urlsplit

import msgspec

from mailproof.alerts.calling import Calls, why_not, without_url
from mailproof.alerts.channels import DEADLINE_S, Channel, Unset, now_of
from mailproof.alerts.cutting import cut, size_in_bytes
from mailproof.alerts.wording import Text
from mailproof.clock import Clock

__all__ = ["DINGTALK", "WECOM", "Robot", "RobotChannel", "robot_of"]

DINGTALK: Final = "https://oapi.dingtalk.com/robot/send"
WECOM: Final = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"

# So many bytes of text, of which a Chinese character has three.
_DINGTALK_MAX: Final = 18_000
_WECOM_MAX: Final = 2_048
_TITLE_MAX: Final = 250
_PHONE: Final = re.compile(r"\+?\d{11,14}")


class Robot(msgspec.Struct, frozen=True):
    """One robot, as its URL names it. `phones`: whose attention DingTalk shall call for."""

    service: str
    token: str
    secret: str = ""
    phones: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Robot {self.service}>"


class RobotChannel:
    """A channel whose URL is read anew for each message: a robot is called, any other URL is
    `otherwise`'s."""

    def __init__(
        self, otherwise: Channel, url: Callable[[], str], calls: Calls, clock: Clock
    ) -> None:
        self.name = otherwise.name
        self._otherwise = otherwise
        self._url = url
        self._calls = calls
        self._clock = clock

    def __repr__(self) -> str:
        return f"<RobotChannel {self.name}>"

    async def deliver(self, text: Text, *, deadline_s: float = DEADLINE_S) -> str | None:
        """None: the robot said that it has taken the message."""
        url = now_of(self._url)
        robot = None if isinstance(url, Unset) else robot_of(url)
        if robot is None or isinstance(url, Unset):
            return await self._otherwise.deliver(text, deadline_s=deadline_s)
        address = _address(robot, int(self._clock.now() * 1_000))
        answer = await self._calls.post_bytes(
            address,
            msgspec.json.encode(_payload(robot, text)),
            headers={"Content-Type": "application/json"},
            deadline_s=deadline_s,
        )
        error = why_not(answer, address) or _refusal(getattr(answer, "body", None))
        return None if error is None else without_url(error, url)


def robot_of(url: str) -> Robot | None:
    """`dingtalk://SECRET@TOKEN/PHONE`, `wecombot://KEY`, or the address that the service gives for
    a robot; None: it is none, or says too little to be one."""
    try:
        parts = urlsplit(url)
        given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    except ValueError:
        return None
    # Not `hostname`, which is in small letters: this is a token.
    user, _, host = parts.netloc.rpartition("@")
    robot = None
    match parts.scheme.lower(), host.lower():
        case "dingtalk", _:
            phones = tuple(_PHONE.findall(f"{unquote(parts.path)} {given.get('to', '')}"))
            token = given.get("token") or unquote(host)
            secret = given.get("secret") or unquote(user.partition(":")[0])
            robot = Robot("dingtalk", token, secret, phones)
        case "wecombot", _:
            robot = Robot("wecombot", given.get("key") or unquote(host))
        case "https", "oapi.dingtalk.com":
            robot = Robot("dingtalk", given.get("access_token", ""), given.get("secret", ""))
        case "https", "qyapi.weixin.qq.com":
            robot = Robot("wecombot", given.get("key", ""))
    return robot if robot is not None and robot.token else None


def _address(robot: Robot, now_ms: int) -> str:
    if robot.service == "wecombot":
        return f"{WECOM}?key={quote_plus(robot.token)}"
    address = f"{DINGTALK}?access_token={quote_plus(robot.token)}"
    if not robot.secret:
        return address
    signed = f"{now_ms}\n{robot.secret}".encode()
    signature = base64.b64encode(hmac.digest(robot.secret.encode(), signed, hashlib.sha256))
    return f"{address}&timestamp={now_ms}&sign={quote_plus(signature)}"


def _payload(robot: Robot, text: Text) -> dict[str, Any]:
    title = cut(text.title, _TITLE_MAX)
    most = _WECOM_MAX if robot.service == "wecombot" else _DINGTALK_MAX
    body = text.fitting(most - size_in_bytes(title) - 1, size_in_bytes)
    payload: dict[str, Any] = {"msgtype": "text", "text": {"content": f"{title}\n{body}"}}
    if robot.phones:
        payload["at"] = {"atMobiles": robot.phones, "isAtAll": False}
    return payload


def _refusal(body: Any) -> str | None:
    """None: it says that all went well."""
    if not isinstance(body, Mapping):
        try:
            body = msgspec.json.decode(body or "")
        except (msgspec.DecodeError, TypeError):
            return "The answer does not say whether the message was taken."
    if not isinstance(body, Mapping) or "errcode" not in body:
        return "The answer does not say whether the message was taken."
    if body["errcode"] == 0:
        return None
    return f"The robot refused the message: errcode {body['errcode']}, {body.get('errmsg', '')}."
