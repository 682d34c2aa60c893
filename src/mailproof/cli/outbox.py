"""`mailproof outbox drain`: hand over what applications have written into their own databases."""

import asyncio
import contextlib
import os
import sys
from typing import Final

import click

from mailproof.cli.opening import JSON, LANG, print_json, refuse
from mailproof.client.errors import MailproofError
from mailproof.client.mailproof import Mailproof
from mailproof.config.problems import ConfigInvalid
from mailproof.diagnosis.guidance import OperatorLanguage, pick_language
from mailproof.integrations.outbox import Outbox
from mailproof.record.logs import configure

__all__ = ["outbox"]

_ENV: Final = "env:"
_WORDS: Final = {
    "en": {
        "drains": "Draining the outbox. Stop with Ctrl-C.",
        "left": "Still in the outbox: {count}. The lines above say why.",
        "empty": "The outbox is empty.",
        "unset": "--url: {name} is not set.",
        "unset_fix": "Export it, or write the URL itself.",
        "unread": "The application's database does not answer: {error}",
        "unread_fix": "Check --url, and whether the table mailproof_outbox is there: "
        "docs/library.md has the statement that makes it.",
    },
    "zh": {
        "drains": "正在清空发件箱。按 Ctrl-C 停止。",
        "left": "发件箱里还有 {count} 封邮件在等待，原因见上面的日志。",
        "empty": "发件箱已空。",
        "unset": "--url：环境变量 {name} 没有设置。",
        "unset_fix": "请先导出它，或直接写 URL。",
        "unread": "应用的数据库没有回应：{error}",
        "unread_fix": "请检查 --url，以及表 mailproof_outbox 是否存在："
        "建表语句在 docs/zh/library.md。",
    },
}


@click.group()
def outbox() -> None:
    """Mail that applications wrote into their own databases (see docs/library.md)."""


@outbox.command()
@click.option(
    "--url",
    required=True,
    help="The application's database: sqlite:////srv/app.db, postgresql://…, or env:NAME.",
)
@click.option("--once", is_flag=True, help="Hand over what is there now, and exit.")
@click.option(
    "--config", metavar="FILE", help="Configuration, where there is no MAILPROOF_URL to go to."
)
@LANG
@JSON
def drain(*, url: str, once: bool, config: str | None, lang: str | None, as_json: bool) -> None:
    """Hand over what is in the outbox, and what comes, until Ctrl-C.

    Mail goes to the gateway of MAILPROOF_URL and MAILPROOF_API_KEY, else into the store of the
    configuration. Any number may run. With --once, exits 1 when mail has to wait on.
    """
    language = pick_language(lang, os.environ)
    words = _WORDS[language]
    if url.startswith(_ENV):
        name = url.removeprefix(_ENV)
        url = os.environ.get(name, "")
        if not url:
            refuse(words["unset"].format(name=name), words["unset_fix"], code=2)
    configure("INFO", "auto", language)
    try:
        left = _drained(url, config, language, once=once)
    except ConfigInvalid as error:
        refuse(str(error), "", code=2)
    except MailproofError as error:
        refuse(f"{error.where}: {error.what}.", error.fix, code=2)
    if as_json:
        print_json({"waiting": left})
    elif once:
        click.echo(words["left"].format(count=left) if left else words["empty"])
    sys.exit(1 if left else 0)


def _drained(url: str, config: str | None, language: OperatorLanguage, *, once: bool) -> int:
    """How many rows wait on, when it was told to end."""

    async def work() -> int:
        box = Outbox(url)
        try:
            async with Mailproof.from_env(config=config) as mail:
                if once:
                    return await _once(box, mail, language)
                click.echo(_WORDS[language]["drains"], err=True)
                await box.drain(mail)
        finally:
            await box.close()
        return 0

    with contextlib.suppress(KeyboardInterrupt):  # how it is told to stop
        return asyncio.run(work())
    return 0


async def _once(box: Outbox, mail: Mailproof, language: OperatorLanguage) -> int:
    words = _WORDS[language]
    try:
        return await box.drain_once(mail)
    except Exception as error:  # noqa: BLE001 - each driver has its own, and all are said
        refuse(words["unread"].format(error=error), words["unread_fix"], code=2)
