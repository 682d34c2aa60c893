"""What people install: the wheel, in a bare environment outside the checkout."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from uv import find_uv_bin

import mailproof
from tests.whole.house import ask
from tests.whole.process import Served

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "mailproof"
BIN = "Scripts" if os.name == "nt" else "bin"

# One worker builds and installs for all of them.
pytestmark = pytest.mark.xdist_group("wheel")

NOT_VERIFIED = json.dumps(
    {
        "statusCode": 403,
        "name": "validation_error",
        "message": "The acme.com domain is not verified.",
    }
)


def uv(*arguments: str | Path) -> None:
    # `check` would hide what uv said.
    done = subprocess.run(
        [find_uv_bin(), *arguments, "--quiet"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--out-dir", folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the wheel, the pinned requirements and no more."""
    place = tmp_path_factory.mktemp("bare") / "env"
    uv("venv", "--python", sys.executable, place)
    python = place / BIN / "python"
    uv("pip", "install", "--python", python, "--require-hashes", "-r", "requirements/run.txt")
    uv("pip", "install", "--python", python, "--no-deps", wheel)
    return place / BIN


def run(*command: str | Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "MAILPROOF", "RESEND", "COV_"))
    }
    return subprocess.run(
        command,
        cwd=cwd,
        env={**clean, "PYTHONUTF8": "1", "PYTHONWARNINGS": "error"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    ours = {
        f"mailproof/{path.relative_to(PACKAGE).as_posix()}"
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours <= inside
    assert {name for name in inside if ".dist-info/" not in name} == ours
    assert any(name.endswith("licenses/LICENSE") for name in inside)


def test_the_wheel_knows_its_version(bare: Path, tmp_path: Path) -> None:
    done = run(bare / "mailproof", "--version", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert mailproof.__version__ in done.stdout


def test_the_wheel_tells_its_commands(bare: Path, tmp_path: Path) -> None:
    done = run(bare / "mailproof", "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for command in ("explain", "doctor", "sandbox", "demo"):
        assert command in done.stdout


def test_the_wheel_explains_in_english(bare: Path, tmp_path: Path) -> None:
    command = ("explain", "--lang", "en", "403", NOT_VERIFIED)
    done = run(bare / "python", "-m", "mailproof", *command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "domain" in done.stdout.lower()
    assert "resend.com/domains" in done.stdout


def test_the_wheel_explains_in_chinese(bare: Path, tmp_path: Path) -> None:
    command = ("explain", "--lang", "zh", "403", NOT_VERIFIED)
    done = run(bare / "mailproof", *command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "域名" in done.stdout
    assert "resend.com/domains" in done.stdout


def test_the_wheel_explains_for_machines(bare: Path, tmp_path: Path) -> None:
    done = run(bare / "mailproof", "explain", "--json", "403", NOT_VERIFIED, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["reason"] == "sender_unverified"


def test_the_wheels_sandbox_starts_answers_and_stops(bare: Path, tmp_path: Path) -> None:
    done = run(bare / "python", ROOT / "tests" / "smoke_sandbox.py", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_wheels_doctor_runs_without_any_configuration(bare: Path, tmp_path: Path) -> None:
    done = run(bare / "mailproof", "doctor", "--json", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["findings"]


def test_the_wheel_serves_and_keeps_a_mail(bare: Path, tmp_path: Path) -> None:
    config = tmp_path / "mailproof.toml"
    config.write_text('language = "en"\n[log]\nformat = "json"\n', encoding="utf-8")
    command = ("keys", "create", "shop", "--json", "--config", config)
    made = run(bare / "mailproof", *command, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    mail = {"from": "a@acme.test", "to": "ada@kunde.test", "subject": "Hi", "text": "Hi"}
    key = json.loads(made.stdout)["key"]
    with Served(config, key=key, python=bare / "python") as served:
        answer = served.send(mail)
        assert (answer.status, answer.state) == (200, "held")
        assert answer.headers["mailproof-reason"] == "credentials_missing"
        described = ask(served.url, "GET", "/openapi.json")
        assert described.json["info"]["version"] == mailproof.__version__
        assert served.stop() == 0
    shown = run(bare / "mailproof", "emails", "list", "--config", config, cwd=tmp_path)
    assert "ada@kunde.test" in shown.stdout
