"""Debian's own systemd reads our unit, and has nothing to say about it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.real.daemons import find

pytestmark = pytest.mark.real


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with this installation's own program in it."""
    own = Path(sys.executable).with_name("mailproof")
    text = (ROOT / "deploy" / "mailproof.service").read_text(encoding="utf-8")
    copy = tmp_path / "mailproof.service"
    copy.write_text(text.replace("/opt/mailproof/bin/mailproof", str(own)), encoding="utf-8")
    return copy


def test_systemd_has_nothing_to_say_about_the_unit(unit: Path) -> None:
    command = [find("systemd-analyze"), "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode(), done.stdout.decode()) == (0, "", "")


def test_the_unit_gives_the_program_hardly_more_than_it_needs(unit: Path) -> None:
    command = [find("systemd-analyze"), "security", "--offline=true", "--threshold=20", str(unit)]
    rated = subprocess.run(command, capture_output=True, check=False)
    assert rated.returncode == 0, rated.stdout.decode()
