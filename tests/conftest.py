"""What holds for every test: properties without a deadline, and no test skipped unheard in CI."""

import os

import pytest
from hypothesis import settings

IN_CI = os.environ.get("CI", "").lower() not in {"", "0", "false"}

# Two cores shared by several workers: a slow example is no wrong one. A failing one prints how to
# replay it.
settings.register_profile("mailproof", deadline=None, print_blob=True)
settings.register_profile("thorough", deadline=None, print_blob=True, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "mailproof"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that could not run counts as failed where nobody would look at a yellow letter."""
    if IN_CI and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in _skipped(terminalreporter.config):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else "no reason given"
        terminalreporter.write_line(f"NOT RUN {report.nodeid}: {reason}")


def _skipped(config: pytest.Config) -> list[pytest.TestReport]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not isinstance(reporter, pytest.TerminalReporter):  # an xdist worker has none
        return []
    return [each for each in reporter.stats.get("skipped", []) if not hasattr(each, "wasxfail")]
