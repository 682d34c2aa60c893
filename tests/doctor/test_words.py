"""Each finding has its sentences in both languages, whole and without secrets."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import mailproof.doctor
from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.doctor.finding import Lines, Noted, Status, failed
from mailproof.doctor.page import page
from mailproof.doctor.words import LANGUAGES, told, words
from mailproof.providers.diagnose import diagnose
from tests.doctor.world import World

SOURCE = Path(mailproof.doctor.__file__).parent
KEY = re.compile(r"[a-z_]+\.[a-z_0-9]+")
# Where a key is put together from a part that is data.
PATTERNS = (r"domain\.\w+", r"dkim\.\w+", r"spf\.\w+", r"database\.\w+")


def keys_in_the_source() -> Iterator[str]:
    """The second argument of each `failed(…)`, `warned(…)` and so on, where it is written out."""
    for path in SOURCE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                area = node.value.partition(".")[0]
                if KEY.fullmatch(node.value) and area in AREAS and path.name != "settings.py":
                    yield node.value


AREAS = {key.partition(".")[0] for key in words("en").sentences}
CHECKS = {"api", "dns", "smtp", "environment", "database", "key", "sender", "env_file", "doctor"}


def test_both_languages_have_the_same_keys() -> None:
    english, chinese = words("en"), words("zh")
    assert english.sentences.keys() == chinese.sentences.keys()
    for table in ("phrases", "areas", "checks", "labels", "summary"):
        assert getattr(english, table).keys() == getattr(chinese, table).keys()


def test_both_languages_use_the_same_facts() -> None:
    english, chinese = words("en").sentences, words("zh").sentences
    facts = re.compile(r"\{(\w+)\}")
    for key in english:
        for part in ("what", "fix"):
            one, other = getattr(english[key], part), getattr(chinese[key], part)
            assert set(facts.findall(one)) == set(facts.findall(other)), (key, part)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_ends_as_sentences_do(language: str) -> None:
    end = "。" if language == "zh" else "."
    for key, entry in words(language).sentences.items():
        assert entry.what.endswith((end, "{cause}")), key
        assert not entry.fix or entry.fix.endswith((end, "{fix}", "`")), key


def test_each_sentence_is_used_and_each_key_has_one() -> None:
    sentences = set(words("en").sentences)
    used = {key for key in keys_in_the_source() if key.partition(".")[0] not in CHECKS - AREAS}
    built = {key for key in sentences if any(re.fullmatch(each, key) for each in PATTERNS)}
    assert sentences - used - built == set()
    assert {key for key in used - sentences if key not in CHECK_NAMES} == set()


CHECK_NAMES = {"dns.domain", "dns.dkim", "dns.dmarc", "dns.spf", "dns.return_path"}
CHECK_NAMES |= {"dns.return_path_spf"}


def a_failure_note() -> Noted:
    answer = HttpAnswer(401, {}, '{"statusCode":401,"name":"missing_api_key","message":"Missing"}')
    return failed("api.key", "access.refused", failure=diagnose(Evidence(answer, "resend")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_cause_and_fix_of_a_failure_come_from_its_guidance(language: str) -> None:
    (finding,) = told([a_failure_note()], language, {})
    assert "{" not in finding.what + finding.fix
    assert finding.fix


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_fact_of_every_finding_is_filled_in(world: World, language: str) -> None:
    findings = told(await world.examined(), language, {})
    assert len(findings) > 10
    assert not [each for each in findings if re.search(r"\{\w+\}", each.what + each.fix)]


def test_a_secret_is_taken_out_of_facts_evidence_and_command() -> None:
    note = failed(
        "key",
        "key.placeholder",
        {"name": "RESEND_API_KEY", "origin": "x", "value": "re_canary_1"},
        evidence="saw re_canary_1",
        command="curl re_canary_1",
    )
    (finding,) = told([note], "en", {"re_canary_1": "$RESEND_API_KEY"})
    assert "canary" not in f"{finding.what}{finding.evidence}{finding.fix}{finding.command}"
    assert finding.command == "curl $RESEND_API_KEY"


def test_what_a_server_says_cannot_steer_the_terminal() -> None:
    note = failed("api.reach", "reach.not_resend", {"url": "x"}, evidence="a\x1b[31m\r\nb\u202ec")
    (finding,) = told([note], "en", {})
    assert finding.evidence == "a [31m b c"


def plain(text: str, _: Status) -> str:
    return text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [60, 80, 100])
async def test_no_line_but_a_command_is_wider_than_the_page(
    world: World, language: str, width: int
) -> None:
    world.env |= {"RESEND_API_KEY": "1", "RESEND_FROM": "1"}
    findings = told(await world.examined(), language, {})
    text = page(findings, language, width=width, paint=plain)
    commands = {each.command for each in findings if each.command}
    for line in text.splitlines()[1:]:
        columns = len(line) + len(re.findall(r"[\u2e80-\uffef]", line))
        assert columns <= width + 2 or any(each in line for each in commands), line


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_terminal_of_a_few_columns_breaks_nothing(world: World, language: str) -> None:
    world.env |= {"RESEND_API_KEY": "1"}
    findings = told(await world.examined(), language, {})
    assert page(findings, language, width=8, paint=plain)


async def test_the_page_begins_with_what_stops_mail(world: World) -> None:
    world.env |= {"RESEND_API_KEY": "1", "RESEND_FROM": "1"}
    text = page(told(await world.examined(), "en", {}), "en", width=80, paint=plain)
    assert text.splitlines()[0] == "2 things stop your mail: the API key, the From address."


async def test_the_page_of_a_healthy_setup_says_so(world: World) -> None:
    text = page(told(await world.examined(), "zh", {}), "zh", width=80, paint=plain)
    assert text.startswith("一切正常")


def test_records_to_copy_have_a_line_each_and_are_never_wrapped() -> None:
    long = f"TXT resend._domainkey = p={'A' * 200}"
    facts = {
        "domain": "acme.test",
        "status": "pending",
        "records": Lines(f"MX send = 10 mx\n{long}"),
    }
    (finding,) = told([failed("api.domain", "domain.pending", facts)], "en", {})
    assert f"\n  MX send = 10 mx\n  {long}\n" in finding.fix
    shown = page([finding], "en", width=60, paint=lambda text, _: text).splitlines()
    assert any(line.endswith(f"  {long}") for line in shown)
