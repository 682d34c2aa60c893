"""`mailproof serve`: take mail in, keep it, send it, and say what happens."""

import asyncio
import signal
from typing import Final

import click
import msgspec

from mailproof.cli.opening import CONFIG, LANG, load_settings, refuse
from mailproof.config.settings import ProviderSettings, Secret, Settings
from mailproof.config.urls import sqlite_path
from mailproof.gateway.listening import CannotListen, Listeners, open_listeners
from mailproof.record.logs import configure
from mailproof.serving import Ready, run_until_done
from mailproof.serving import serve as run
from mailproof.store.base import StoreError

__all__ = ["serve"]

_WORDS: Final = {
    "en": {
        "listens": "Mailproof listens on {public} (apps) and {admin} (operators).",
        "worker": "Mailproof sends; it listens nowhere (role worker).",
        "store": "Mail is kept in {store}.",
        "providers": "It goes out through {providers}.",
        "no_provider": "No provider is configured: mail is accepted and held. Set RESEND_API_KEY, "
        "or [[providers]] in mailproof.toml.",
        "channels": "Alerts go to {channels}.",
        "no_channels": "No alert channel is configured: what goes wrong is only in this log. See "
        "[[alerts.channels]].",
        "dev": "Development: mail goes to the sandbox, {url}/inbox; none leaves this machine.",
        "role": "Roles need PostgreSQL: on one file, one process does it all. Leave out --role, or "
        "set [store] url.",
        "console": "The console is at {url}/console.",
        "first": "Sign in as admin with the password {password}: it is shown this once.",
        "stop": "Stop with Ctrl-C.",
    },
    "zh": {
        "listens": "Mailproof 已启动：应用连接 {public}，运维连接 {admin}。",
        "worker": "Mailproof 已启动，只负责发送，不监听端口（角色 worker）。",
        "store": "邮件保存在 {store}。",
        "providers": "通过 {providers} 发出。",
        "no_provider": "还没有配置邮件服务商：邮件会被接收并保留，暂不发送。请设置 RESEND_API_KEY，"
        "或在 mailproof.toml 里写 [[providers]]。",
        "channels": "告警发往 {channels}。",
        "no_channels": "还没有配置告警渠道，出了问题只会写在这份日志里。见 [[alerts.channels]]。",
        "dev": "开发模式：邮件进入沙箱 {url}/inbox，不会离开这台机器。",
        "role": "角色需要 PostgreSQL：单个文件由一个进程包办。请去掉 --role，或设置 [store] url。",
        "console": "控制台在 {url}/console。",
        "first": "请用名字 admin 和密码 {password} 登录：密码只显示这一次。",
        "stop": "按 Ctrl-C 停止。",
    },
}


@click.command()
@CONFIG
@LANG
@click.option("--host", help="Address for apps. Default: as configured, else 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port for apps. Default: 7025.")
@click.option(
    "--admin-port", type=click.IntRange(0, 65_535), help="Port for operators. Default: port + 1."
)
@click.option(
    "--role",
    type=click.Choice(["all", "gateway", "worker"]),
    default="all",
    show_default=True,
    help="What this process does (on PostgreSQL).",
)
@click.option("--dev", is_flag=True, help="Send to a sandbox of its own instead of the providers.")
def serve(  # noqa: PLR0913 - one parameter for each option
    config: str | None,
    lang: str | None,
    host: str | None,
    port: int | None,
    admin_port: int | None,
    role: str,
    *,
    dev: bool,
) -> None:
    """Take mail in, keep it until it is out, and say what happens to it.

    Speaks Resend's HTTP API: point your app's base URL at it and change nothing else. Runs until
    Ctrl-C; then what is under way is finished.
    """
    settings = _with_options(load_settings(config, lang), host, port, admin_port)
    words = _WORDS[settings.language]
    if role != "all" and sqlite_path(settings.store_url.read()) is not None:
        refuse(words["role"], "", code=2)
    configure(settings.log.level, settings.log.format, settings.language)
    try:
        listeners = None if role == "worker" else open_listeners(settings.server)
    except CannotListen as error:
        refuse(str(error), "", code=2)
    try:
        if dev:
            _serve_dev(settings, listeners, role)
        else:
            run_until_done(_serve(settings, listeners, role))
    except StoreError as error:
        refuse(str(error), "", code=2)


def _serve_dev(settings: Settings, listeners: Listeners | None, role: str) -> None:
    from mailproof.testing.sandbox import Sandbox

    with Sandbox() as sandbox:
        click.echo(_WORDS[settings.language]["dev"].format(url=sandbox.url), err=True)
        inside = _in_sandbox(settings, sandbox.url, sandbox.api_key)
        run_until_done(_serve(inside, listeners, role))


def _in_sandbox(settings: Settings, url: str, key: str) -> Settings:
    provider = ProviderSettings(
        name="sandbox",
        type="sandbox",
        api_key=Secret("literal", lambda: key),
        base_url=url,
        rate=None,
        webhook_secrets=(),
        accept_as_app_key=True,
    )
    return msgspec.structs.replace(settings, providers=(provider,))


def _with_options(
    settings: Settings, host: str | None, port: int | None, admin_port: int | None
) -> Settings:
    given = {"host": host, "port": port, "admin_port": admin_port}
    server = msgspec.structs.replace(
        settings.server, **{name: value for name, value in given.items() if value is not None}
    )
    return msgspec.structs.replace(settings, server=server)


async def _serve(settings: Settings, listeners: Listeners | None, role: str) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows: there Ctrl-C is all there is
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    await run(
        settings, listeners, role=role, stop=stop, ready=lambda told: _welcome(settings, told)
    )


def _welcome(settings: Settings, told: Ready) -> None:
    words = _WORDS[settings.language]
    said = []
    if told.listeners is None:
        said.append(words["worker"])
    else:
        said.append(
            words["listens"].format(
                public=told.listeners.public_url, admin=told.listeners.admin_url
            )
        )
    said.append(words["store"].format(store=told.store))
    if told.providers:
        said.append(words["providers"].format(providers=", ".join(told.providers)))
    else:
        said.append(words["no_provider"])
    if told.channels:
        said.append(words["channels"].format(channels=", ".join(told.channels)))
    else:
        said.append(words["no_channels"])
    if told.listeners is not None:
        said.append(words["console"].format(url=told.listeners.admin_url))
    if told.console_password is not None:
        said.append(words["first"].format(password=told.console_password))
    said.append(words["stop"])
    click.echo("\n".join(said), err=True)
