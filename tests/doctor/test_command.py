"""`mailproof doctor` as people and scripts call it, in a process of its own."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.doctor.resend_server import KEY
from tests.doctor.smtp_server import blackhole
from tests.doctor.world import World

FIELDS = ["check", "status", "severity", "what", "evidence", "fix", "command"]


async def doctor(world: World, *args: str) -> subprocess.CompletedProcess[str]:
    """Run it beside the servers of the world, with nothing of our own environment but the path."""
    host, port = world.nameserver
    world.resend.headers.pop("Date", None)  # this process goes by the clock of the machine
    command = [sys.executable, "-m", "mailproof", "doctor", "--nameserver", f"{host}:{port}", *args]
    process = await asyncio.create_subprocess_exec(
        *command,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **world.env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    return subprocess.CompletedProcess(command, process.returncode or 0, out.decode(), err.decode())


async def test_a_healthy_setup_ends_in_exit_code_0(world: World) -> None:
    done = await doctor(world)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("All is well")


async def test_a_failed_check_ends_in_exit_code_1_and_the_worst_comes_first(world: World) -> None:
    world.env["RESEND_FROM"] = "1"
    done = await doctor(world)
    assert done.returncode == 1
    assert done.stdout.startswith("1 thing stops your mail: the From address.")


async def test_json_has_the_fields_that_scripts_rely_on(world: World) -> None:
    world.env["RESEND_API_KEY"] = "1"
    done = await doctor(world, "--json")
    findings = json.loads(done.stdout)["findings"]
    assert all(list(finding) == FIELDS for finding in findings)
    assert (findings[0]["check"], findings[0]["status"]) == ("key", "failed")
    assert findings[0]["severity"] == "CRITICAL"


async def test_chinese_is_spoken_when_asked_for(world: World) -> None:
    world.env["RESEND_API_KEY"] = "1"
    done = await doctor(world, "--lang", "zh")
    assert done.stdout.startswith("有 1 个问题让邮件发不出去：API 密钥。")
    assert "占位符" in done.stdout


async def test_no_colour_is_written_where_no_terminal_is(world: World) -> None:
    done = await doctor(world)
    assert "\x1b[" not in done.stdout


async def test_a_file_of_settings_is_read_and_named(world: World, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("export RESEND_API_KEY='1'  # from the template\n")
    done = await doctor(world, "--env-file", str(file))
    assert "RESEND_API_KEY (.env:1) is `1`" in " ".join(done.stdout.split())


async def test_the_configuration_of_a_gateway_is_checked_and_named(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "mailproof.toml"
    base_url = world.env.pop("RESEND_BASE_URL")
    file.write_text(
        f"""
        [[providers]]
        name = "resend"
        type = "resend"
        api_key = "re_xxxxxxxxx"
        base_url = "{base_url}"
        [[providers]]
        name = "backup"
        type = "smtp"
        url = "env:BACKUP_URL"
        """
    )
    world.env["BACKUP_URL"] = "smtp://me:secret-word@127.0.0.1:1"
    done = await doctor(world, "--config", str(file), "--json")
    findings = {each["check"]: each for each in json.loads(done.stdout)["findings"]}
    assert "providers[0].api_key (mailproof.toml)" in findings["key"]["what"]
    assert findings["key"]["status"] == "failed"
    assert "127.0.0.1" in " ".join(each["what"] for each in findings.values())
    assert "secret-word" not in done.stdout + done.stderr


async def test_a_configuration_that_cannot_be_read_says_what_is_wrong_with_it(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "mailproof.toml"
    file.write_text('[[providers]]\nname = "resend"\ntype = "pigeon"\n')
    done = await doctor(world, "--config", str(file))
    assert done.returncode == 2
    assert "providers[0].type" in done.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["--env-file", "not-there.env"],
        ["--nameserver", "dns.acme.test"],
        ["--lang", "fr"],
        ["--send-test", "somebody"],
        ["--nonsense"],
    ],
    ids=" ".join,
)
async def test_misuse_ends_in_exit_code_2_and_says_what_is_wrong(
    world: World, args: list[str]
) -> None:
    done = await doctor(world, *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error" in done.stderr


@pytest.mark.parametrize("key", ["your-api-key", "re_xxxxxxxxx", "re_123456789"])
async def test_a_placeholder_is_shown_as_it_is(world: World, key: str) -> None:
    world.env["RESEND_API_KEY"] = key
    done = await doctor(world)
    assert f"RESEND_API_KEY (environment) is `{key}`" in " ".join(done.stdout.split())


async def test_no_secret_is_in_any_output(world: World) -> None:
    world.env |= {
        "RESEND_API_KEY": f'"{KEY}"',
        "SMTP_URL": "smtp://acme:canary-smtp@127.0.0.1:1",
        "DATABASE_URL": "postgres://app:canary%2Fpg@127.0.0.1:1/app",
        "HTTPS_PROXY": "http://proxy:canary-proxy@127.0.0.1:1",
    }
    for args in ([], ["--json"], ["--lang", "zh"]):
        done = await doctor(world, *args)
        said = done.stdout + done.stderr
        assert KEY not in said
        assert "canary" not in said


async def test_one_run_answers_the_four_first_questions_of_the_original_report(
    world: World,
) -> None:
    """Is the domain verified, is the token right, does cURL get through, is PostgreSQL there?"""
    world.resend.domains[0]["status"] = "pending"
    world.env |= {"RESEND_API_KEY": f"{KEY}\n", "DATABASE_URL": "postgres://app:x@127.0.0.1:1/app"}
    done = await doctor(world, "--json")
    findings = json.loads(done.stdout)["findings"]
    status = {finding["check"]: finding["status"] for finding in reversed(findings)}
    assert status["api.domain"] == "failed"
    assert status["key"] == "failed"
    assert status["api.reach"] == "ok"
    assert status["database"] == "failed"
    by_hand = {finding["check"]: finding["command"] for finding in findings}
    assert by_hand["api.reach"].startswith("curl ")
    assert '"Authorization: Bearer $RESEND_API_KEY"' in by_hand["api.reach"]


async def test_with_everything_hanging_the_whole_process_takes_less_than_ten_seconds(
    world: World,
) -> None:
    world.zone.silent = True
    with blackhole() as port:
        world.env |= {
            "RESEND_BASE_URL": f"http://127.0.0.1:{port}",
            "SMTP_URL": f"smtp://user:pw@127.0.0.1:{port}",
            "DATABASE_URL": f"postgres://app:pw@127.0.0.1:{port}/app",
        }
        started = time.monotonic()
        done = await doctor(world)
    assert time.monotonic() - started < 10
    assert done.returncode == 1
