"""What the sandbox says when it starts, in English and Chinese."""

from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["EXPOSED", "NAMESERVER", "SMTP", "STOPPED", "welcome"]

_WELCOME: Final[Mapping[str, str]] = {
    "en": """\
A local Resend listens on {url}. No mail leaves this machine.

  key       {keys}
  domains   {domains}
  inbox     {url}/inbox
  arrived   {url}/_sandbox/mails

Point your app at it (Node SDK: RESEND_BASE_URL, Python SDK: RESEND_API_URL). Then break it:

  to one address    send to 500@fault.test, 429+2@fault.test, hang-after@fault.test
  from now on       curl -X POST {url}/_sandbox/faults -d '{{"fault": "503,count=2"}}'
  all there are     mailproof sandbox --list-faults

Stop with Ctrl-C.
""",
    "zh": """\
本地 Resend 已在 {url} 启动，邮件不会离开这台机器。

  密钥      {keys}
  域名      {domains}
  收件箱    {url}/inbox
  已接收    {url}/_sandbox/mails

让应用连到这里（Node SDK 用 RESEND_BASE_URL，Python SDK 用 RESEND_API_URL），然后让它出错：

  只针对某个地址    发给 500@fault.test、429+2@fault.test、hang-after@fault.test
  从现在开始        curl -X POST {url}/_sandbox/faults -d '{{"fault": "503,count=2"}}'
  查看全部故障      mailproof sandbox --list-faults

按 Ctrl-C 停止。
""",
}

EXPOSED: Final[Mapping[str, str]] = {
    "en": "Warning: {host} is not a loopback address. "
    "Whoever reaches this port can read every mail and change the account.\n",
    "zh": "注意：{host} 不是回环地址，能访问这个端口的人都能看到所有邮件、修改账户状态。\n",
}
NAMESERVER: Final[Mapping[str, str]] = {
    "en": "Its DNS answers too: mailproof doctor --nameserver {dns}\n\n",
    "zh": "它的 DNS 也可以查询：mailproof doctor --nameserver {dns}\n\n",
}
SMTP: Final[Mapping[str, str]] = {
    "en": "Over SMTP, a key is the password of any login. To verify its certificate, trust "
    "{authority}\n\n",
    "zh": "走 SMTP 时，账号任意，密码填密钥。要校验它的证书，请信任 {authority}\n\n",
}
STOPPED: Final[Mapping[str, str]] = {
    "en": "Stopped. Mails accepted: {count}.\n",
    "zh": "已停止，共接收 {count} 封邮件。\n",
}


def welcome(language: str, url: str, keys: Sequence[str], domains: Sequence[str]) -> str:
    return _WELCOME[language].format(url=url, keys=", ".join(keys), domains=", ".join(domains))
