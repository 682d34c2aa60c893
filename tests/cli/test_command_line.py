"""The frame of the command line: quick to help, and plain about mistakes."""

import subprocess
import sys

import pytest

from mailproof import __version__
from mailproof.cli import COMMANDS
from tests.cli.running import mailproof

# What `mailproof --help` may import besides the standard library. Each name here is paid for by
# everyone who mistypes a command.
THIRD_PARTY = {"click", "mailproof"}

LIST_MODULES = """
import sys
from mailproof.cli import main
sys.argv = ["mailproof", "--help"]
try:
    main()
except SystemExit:
    names = {name.partition(".")[0] for name in sys.modules}
    print("MODULES", *sorted(names - sys.stdlib_module_names - BEFORE))
"""


def test_help_imports_click_and_nothing_else() -> None:
    code = "import sys\nBEFORE = {name.partition('.')[0] for name in sys.modules}\n" + LIST_MODULES
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = done.stdout.rpartition("MODULES")[2].split()
    assert set(modules) == THIRD_PARTY


def test_help_lists_every_command_with_what_it_is_for() -> None:
    done = mailproof("--help")
    assert done.returncode == 0
    for name, (_, text) in COMMANDS.items():
        assert f"{name}  " in done.stdout.decode()
        assert text in done.stdout.decode()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_is_listed_has_a_help_of_its_own(name: str) -> None:
    done = mailproof(name, "--help")
    assert done.returncode == 0
    assert f"Usage: mailproof {name}" in done.stdout.decode()


def test_the_version_is_the_packages() -> None:
    assert mailproof("--version").stdout.decode().strip() == f"mailproof, version {__version__}"


def test_a_mistyped_command_is_a_misuse_and_the_right_one_is_named() -> None:
    done = mailproof("explian")
    assert done.returncode == 2
    assert "No command 'explian'. Did you mean 'explain'?" in done.stderr.decode()


def test_a_command_that_resembles_none_gets_the_list() -> None:
    done = mailproof("xyzzy")
    assert done.returncode == 2
    assert ", ".join(COMMANDS) in done.stderr.decode()


def test_a_mistyped_option_is_a_misuse_and_the_right_one_is_named() -> None:
    done = mailproof("explain", "--jsonll")
    assert done.returncode == 2
    assert "--jsonl" in done.stderr.decode()
