"""kill -9 at each step between an application's transaction and the store: once each, always."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from mailproof import Mailproof
from mailproof.integrations.outbox import Outbox
from tests.integrations.dying import STEPS
from tests.integrations.world import accepted, accepting
from tests.store.cluster import Cluster
from tests.whole.house import House

ROOT = Path(__file__).parents[2]


def run_and_die(url: str, step: str, environ: Mapping[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.integrations.dying", url, step],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


async def finished_by_the_next(url: str, environ: Mapping[str, str]) -> None:
    """The application starts again, and its outbox is drained."""
    outbox = Outbox(url)
    async with Mailproof.from_env(environ=environ) as mail:
        assert await outbox.drain_once(mail) == 0
    await outbox.close()


@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_at_any_step_on_sqlite_neither_loses_nor_doubles_a_mail(
    step: str, tmp_path: Path
) -> None:
    environ = accepting(tmp_path)
    run_and_die(f"sqlite:///{tmp_path}/app.db", step, environ)
    await finished_by_the_next(f"sqlite:///{tmp_path}/app.db", environ)
    assert accepted(tmp_path) == [f"Mail {number + 1}" for number in range(STEPS[step])]


@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_at_any_step_on_postgres_neither_loses_nor_doubles_a_mail(
    step: str, tmp_path: Path, cluster: Cluster
) -> None:
    environ = accepting(tmp_path)
    async with cluster.fresh_database(migrated=False) as url:
        run_and_die(url, step, environ)
        await finished_by_the_next(url, environ)
    assert accepted(tmp_path) == [f"Mail {number + 1}" for number in range(STEPS[step])]


async def test_through_a_gateway_a_kill_before_the_row_is_gone_makes_no_second_mail(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/app.db"
    with House(tmp_path) as house:
        environ = {
            "MAILPROOF_URL": house.url,
            "MAILPROOF_API_KEY": house.key,
            "MAILPROOF_FROM": "Acme <hello@acme.test>",
        }
        run_and_die(url, "before_delete", environ)
        await house.sandbox.arrived(3)
        await finished_by_the_next(url, environ)
        assert len(house.rows("SELECT id FROM emails")) == 3
        assert len(house.sandbox.mails) == 3


async def test_the_step_before_the_delete_leaves_the_rows_that_are_brought_again(
    tmp_path: Path,
) -> None:
    """The cut is where it says: without the idempotency key, this would be six mails."""
    url = f"sqlite:///{tmp_path}/app.db"
    run_and_die(url, "before_delete", accepting(tmp_path))
    assert accepted(tmp_path) == ["Mail 1", "Mail 2", "Mail 3"]
    outbox = Outbox(url)
    assert await outbox.waiting() == 3
    await outbox.close()
