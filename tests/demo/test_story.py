"""The story holds, in both languages, and breaks where it must."""

import re

import pytest

from mailproof.demo.breaks import Breaks
from mailproof.demo.stage import DOMAIN, WRONG_KEY, Stage, provider
from mailproof.demo.story import Story, StoryBroke
from mailproof.sandbox.domains import DomainStatus
from mailproof.sandbox.settings import GivenKey, Settings
from mailproof.testing import Sandbox
from tests.demo.told import LANGUAGES, STEPS, tell, words

# The runs are shared: with `--dist loadgroup` one worker does all that look at them.
pytestmark = pytest.mark.xdist_group("demo")


def story_on(sandbox: Sandbox, *, patience_s: float = 30.0) -> None:
    with Breaks() as breaks, Stage("en", breaks, sandbox) as stage:
        Story(stage, patience_s=patience_s).tell()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_demo_tells_the_whole_story_and_ends_with_0(language: str) -> None:
    told = tell(language)
    assert told.returncode == 0, told.stdout + told.stderr
    assert not told.stderr
    places = [told.stdout.index(words(language)["steps"][step]["title"]) for step in STEPS]
    assert places == sorted(places)
    assert words(language)["ending"].splitlines()[1].format(steps=len(STEPS)) in told.stdout
    assert "{" not in re.sub(r'\{"statusCode".*\}', "", told.stdout)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_fault_is_in_the_log_and_in_an_alert_with_its_fix(language: str) -> None:
    told = tell(language).stdout
    for reason, fix in (
        ("credentials_invalid", "https://resend.com/api-keys"),
        ("sender_unverified", "https://resend.com/domains"),
    ):
        assert re.search(rf"\[critical *\] route\.closed[^▌]*reason={reason}[^▌]*{fix}", told)
        assert re.search(rf"▌ [^\n]*\({reason}\)|▌ [^\n]*（{reason}）", told)
        assert re.search(rf"▌[^\n]*{fix}", told)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_shown(language: str) -> None:
    told = tell(language).stdout
    assert "mp_…" in told
    assert not re.search(r"mp_[A-Za-z0-9_-]{10,}", told)
    assert WRONG_KEY not in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_but_a_url_or_a_command_is_wider_than_the_terminal(language: str) -> None:
    for line in tell(language).stdout.splitlines():
        if not line.startswith("$ "):
            wide = sum(2 if "\u2e80" <= char <= "\uffef" else 1 for char in line)
            assert wide <= 88 or "http" in line, line


def test_both_languages_tell_of_the_same_steps() -> None:
    english, chinese = words("en"), words("zh")
    assert english.keys() == chinese.keys()
    assert tuple(english["steps"]) == tuple(chinese["steps"]) == STEPS
    facts = re.compile(r"\{\w+\}")
    for step in STEPS:
        for part in ("title", "before", "after"):
            told = [set(facts.findall(said["steps"][step][part])) for said in (english, chinese)]
            assert told[0] == told[1]


def test_a_mail_that_was_not_refused_breaks_the_story_at_the_first_step(
    capsys: pytest.CaptureFixture[str],
) -> None:
    keys = (GivenKey(WRONG_KEY),)
    domains = ((DOMAIN, DomainStatus.VERIFIED),)
    sandbox = Sandbox(Settings(rate_per_s=0, keys=keys, domains=domains), dns_port=0)
    with pytest.raises(StoryBroke, match=r"step 1: a mail arrived"):
        story_on(sandbox)
    assert words("en")["steps"]["asked"]["title"] not in capsys.readouterr().out


def test_an_app_that_is_not_silent_breaks_the_story() -> None:
    sandbox = provider()
    sandbox.fail("reset-after")
    with pytest.raises(StoryBroke, match=r"step 1: the app was not silent"):
        story_on(sandbox)


def test_another_failure_than_the_promised_one_breaks_the_story() -> None:
    sandbox = provider()
    sandbox.fail("503")
    with pytest.raises(StoryBroke, match=r"step 2: explain did not name the reason"):
        story_on(sandbox)


def test_a_second_fault_that_does_not_come_breaks_the_story_at_its_step() -> None:
    sandbox = provider()
    sandbox.verify_domain(DOMAIN)
    with pytest.raises(StoryBroke, match=r"(?s)step 5: .*no a line with .*sender_unverified"):
        story_on(sandbox, patience_s=8.0)
