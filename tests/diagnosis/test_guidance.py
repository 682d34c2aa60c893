"""The guidance: complete, filled, in its own language, and said by somebody who knows the place."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from mailproof.diagnosis import guidance as package
from mailproof.diagnosis.classify import GENERAL
from mailproof.diagnosis.evidence import (
    Evidence,
    HttpAnswer,
    Origin,
    Raised,
    SdkError,
    Seen,
    SmtpReply,
)
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance import Language, OperatorLanguage, guidance, pick_language
from mailproof.diagnosis.reasons import Reader, Reason
from mailproof.diagnosis.rules import Table
from mailproof.providers.rules import TABLES, tables_for
from tests.diagnosis.failures import EVERYTHING_KNOWN, NOTHING_KNOWN, failure

FOLDER: Final = Path(package.__file__).parent
OPERATORS: Final[tuple[OperatorLanguage, ...]] = ("en", "zh")
READERS: Final[tuple[Language, ...]] = ("en", "zh", "ja", "ko")
PROVIDERS: Final = (*TABLES, "unknown")


def words(language: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))


def leaves(tree: Mapping[str, Any], *path: str) -> Iterator[tuple[str, ...]]:
    for key, child in tree.items():
        if isinstance(child, Mapping):
            yield from leaves(child, *path, key)
        else:
            yield (*path, key)


def guide_keys() -> set[str]:
    return {".".join(path[:-1]) for path in leaves(words("en")["guide"])}


def hint_names() -> set[str]:
    return set(words("en")["hint"])


def all_tables() -> dict[str, Table]:
    every = [*(table for tables in TABLES.values() for table in tables), *tables_for("unknown")]
    return {table.name: table for table in (*every, *GENERAL)}


def every_failure() -> Iterator[Failure]:
    """Each reason at each provider and at the recipient's, each rule's own words; known or not."""
    for reason in Reason:
        yield failure(reason)
        for provider in PROVIDERS:
            known = Evidence(HttpAnswer(403), provider, EVERYTHING_KNOWN.context)
            yield failure(reason, Evidence(Raised(), provider))
            yield failure(reason, known, retry_after_s=60)
            yield failure(reason, known, origin=Origin.RECEIVER)
    for key in sorted(guide_keys() | {f"hint.{name}" for name in hint_names()}):
        for evidence in (NOTHING_KNOWN, EVERYTHING_KNOWN):
            yield failure(Reason.UNKNOWN, evidence, guide=(key,), retry_after_s=5)


FAILURES: Final = tuple(every_failure())


@pytest.mark.parametrize("language", OPERATORS)
def test_every_reason_has_a_cause_and_a_fix(language: OperatorLanguage) -> None:
    assert set(words(language)["reason"]) == set(Reason)
    for entry in words(language)["reason"].values():
        assert set(entry) == {"cause", "fix"}


def test_english_and_chinese_say_the_same_things() -> None:
    assert set(leaves(words("en"))) == set(leaves(words("zh")))


@pytest.mark.parametrize("language", OPERATORS)
def test_every_text_is_whole_whether_nothing_or_everything_is_known(
    language: OperatorLanguage,
) -> None:
    says = guidance(language)
    stop = "。" if language == "zh" else "."
    for each in FAILURES:
        for text in (says.cause(each), says.fix(each)):
            assert text.endswith(stop), text
            assert not re.search(r"[{}\[\]]|  |None|(?<!\w)\(\)|（）", text), text
            assert not re.search(r"\s[.,;:，。；：]", text), text
            assert text[0] == text[0].upper(), text


def test_a_cause_is_one_sentence_and_a_fix_at_most_three() -> None:
    says = guidance("en")
    for each in FAILURES:
        assert len(re.findall(r"[.!?](?= [A-Z]|$)", says.cause(each))) == 1, says.cause(each)
        assert len(re.findall(r"[.!?](?= [A-Z`]|$)", says.fix(each))) <= 3, says.fix(each)


@pytest.mark.parametrize("language", OPERATORS)
def test_chinese_words_touch_and_latin_words_stand_off(language: OperatorLanguage) -> None:
    for each in FAILURES:
        fix = guidance(language).fix(each)
        assert not re.search(r"[\u4e00-\u9fff] [\u4e00-\u9fff]", fix), fix
        assert not re.search(r"[\u4e00-\u9fff]https?:", fix), fix


@pytest.mark.parametrize("language", OPERATORS)
def test_every_blank_can_be_filled_for_every_provider(language: OperatorLanguage) -> None:
    says = guidance(language)
    assert set(says.providers) == set(PROVIDERS)
    of_provider = {"provider"} | (set(says.providers["unknown"]) - {"title"})
    for key, template in [*says.causes.items(), *says.fixes.items()]:
        assert template.fallbacks <= of_provider | set(says.fallback), key
    for provider, places in says.providers.items():
        assert set(places) == set(says.providers["unknown"]), provider


def test_a_rule_never_points_to_guidance_that_is_not_there() -> None:
    wanted = {
        f"{table.name}.{rule.guide}"
        for table in all_tables().values()
        for rule in table.rules
        if rule.guide
    }
    assert wanted - guide_keys() == set()


def test_no_guidance_waits_for_a_rule_that_does_not_exist() -> None:
    rules = all_tables()
    for key in guide_keys():
        table, _, slug = key.rpartition(".")
        if slug in set(Reason):
            assert table in PROVIDERS, key
        else:
            assert slug in {rule.guide for rule in rules[table].rules}, key


def test_the_most_exact_guidance_is_given() -> None:
    says = guidance("en")
    general = says.fix(failure(Reason.SENDER_UNVERIFIED, Evidence(Raised(), "nobody")))
    resend = says.fix(failure(Reason.SENDER_UNVERIFIED, EVERYTHING_KNOWN))
    exact = says.fix(
        failure(Reason.SENDER_UNVERIFIED, EVERYTHING_KNOWN, guide=("resend.key_of_another_domain",))
    )
    assert len({general, resend, exact}) == 3
    assert "https://resend.com/domains" in resend


def test_an_unverified_domain_is_named_with_the_page_to_open() -> None:
    evidence = Evidence(
        SdkError({"statusCode": 403, "message": "The acme.test domain is not verified."}), "resend"
    )
    each = failure(Reason.SENDER_UNVERIFIED, evidence)
    for language in OPERATORS:
        assert "acme.test" in guidance(language).cause(each)
        assert "https://resend.com/domains" in guidance(language).fix(each)


def test_an_authentication_failure_names_the_records_to_add() -> None:
    fix = guidance("en").fix(failure(Reason.SENDER_UNAUTHENTICATED, EVERYTHING_KNOWN))
    assert "v=spf1" in fix
    assert "DKIM" in fix
    assert "_dmarc.acme.test" in fix


@pytest.mark.parametrize("language", OPERATORS)
def test_a_command_stays_one_when_the_domain_is_not_known(language: OperatorLanguage) -> None:
    for each in FAILURES:
        for command in re.findall(r"`(dig [^`]*)`", guidance(language).fix(each)):
            outside_blanks = re.sub(r"<[^<>]+>", "", command)
            assert re.fullmatch(r"dig [\w+. -]+", outside_blanks, re.ASCII), command
            assert "sender" not in outside_blanks


def test_what_the_recipients_server_said_is_not_blamed_on_the_provider() -> None:
    slow = failure(Reason.RATE_LIMITED, EVERYTHING_KNOWN, origin=Origin.RECEIVER)
    assert "Resend" not in guidance("en").cause(slow)
    assert "recipient's server" in guidance("en").cause(slow)


@pytest.mark.parametrize(
    ("reason", "seen"),
    [
        (Reason.CREDENTIALS_INVALID, Raised("Error", "535 5.7.8 authentication failed")),
        (Reason.CREDENTIALS_INVALID, SmtpReply(535, "5.7.8 no", "auth")),
        (Reason.CONNECTION_FAILED, Raised("E", "Couldn't connect to host, port: localhost, 587")),
        (Reason.TLS_FAILURE, Raised("E", "x", Raised("E", "mail.acme.test:465 self signed"))),
    ],
)
def test_a_mail_server_that_nobody_knows_gets_no_advice_for_an_api(
    reason: Reason, seen: Seen
) -> None:
    fix = guidance("en").fix(failure(reason, Evidence(seen)))
    assert fix != guidance("en").fix(failure(reason))
    assert not re.search(r"API key|HTTPS_PROXY|nc -vz <host> 443", fix)


def test_an_api_that_nobody_knows_gets_no_advice_for_a_mail_server() -> None:
    says = guidance("en")
    for seen in (
        HttpAnswer(401, body={"message": "authentication failed"}),
        SdkError({"message": "API key authentication/authorization failure"}),
        Raised("Error", "fetch failed"),
    ):
        each = failure(Reason.CREDENTIALS_INVALID, Evidence(seen))
        assert says.fix(each) == says.fix(failure(Reason.CREDENTIALS_INVALID))


@pytest.mark.parametrize("language", OPERATORS)
def test_every_identity_that_ses_found_not_verified_is_named(language: OperatorLanguage) -> None:
    words = (
        "Email address is not verified. The following identities failed the check in region"
        " US-EAST-1: root@acme.test, bob@b.test"
    )
    for reason in (Reason.SANDBOX_RESTRICTED, Reason.SENDER_UNVERIFIED):
        each = failure(reason, Evidence(SdkError({"message": words}), "ses"))
        assert "r…@acme.test, b…@b.test" in guidance(language).cause(each)


def test_chinese_uses_one_word_for_one_thing() -> None:
    """The glossary at the top of zh.toml; what a console's menu says is said as it stands there."""
    says = guidance("zh")
    said = [text for each in FAILURES for text in (says.cause(each), says.fix(each))]
    for text in said:
        assert not re.search(
            r"亚马逊|禁止列表|发件域名|域名发信域名|我们|我方|账户(?!控制面板)", text
        ), text
        if "黑名单" in text:
            assert re.search(r"发信 IP|cloud\.tencent\.com/ses（黑名单）", text), text
    for reason in (Reason.RECIPIENT_SUPPRESSED, Reason.SENDER_BLOCKED):
        listed = says.cause(failure(reason))
        assert ("抑制名单" in listed) is (reason is Reason.RECIPIENT_SUPPRESSED)


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0.2, "1 second", "1 秒"),
        (1, "1 second", "1 秒"),
        (60, "1 minute", "1 分钟"),
        (90, "90 seconds", "90 秒"),
        (150, "3 minutes", "3 分钟"),
        (3_600, "1 hour", "1 小时"),
        (5_400, "90 minutes", "90 分钟"),
        (86_400, "1 day", "1 天"),
        (200_000, "3 days", "3 天"),
    ],
)
def test_a_time_is_said_as_people_say_it(seconds: float, english: str, chinese: str) -> None:
    assert guidance("en").duration(seconds) == english
    assert guidance("zh").duration(seconds) == chinese


@pytest.mark.parametrize("language", READERS)
def test_the_reader_gets_a_sentence_for_every_reason_and_action(language: Language) -> None:
    assert set(words(language)["reader"]["action"]) == set(Reader)
    assert set(words(language)["reader"]["reason"]) == set(words("en")["reader"]["reason"])
    for reason in Reason:
        sentence = guidance(language).reader(reason)
        assert sentence == guidance(language).reader(failure(reason, EVERYTHING_KNOWN))
        assert sentence.endswith("." if language in {"en", "ko"} else "。")


@pytest.mark.parametrize("language", READERS)
def test_the_reader_hears_no_jargon_and_nothing_about_accounts(language: Language) -> None:
    forbidden = re.compile(
        r"(?i)smtp|dns|api|server|provider|spf|dkim|bounce|account|regist|sign.?up|password"
        r"|账号|账户|注册|用户|密码|服务器|アカウント|登録|会員|サーバー|계정|가입|회원|서버"
    )
    for reason in Reason:
        assert not forbidden.search(guidance(language).reader(reason))


def test_an_operator_who_reads_japanese_gets_english_causes() -> None:
    each = failure(Reason.DNS_FAILURE)
    assert guidance("ja").cause(each) == guidance("en").cause(each)
    assert guidance("ko").fix(each) == guidance("en").fix(each)


@pytest.mark.parametrize(
    ("requested", "environ", "language"),
    [
        (None, {}, "en"),
        (None, {"LANG": "C.UTF-8"}, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh"),
        (None, {"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        (None, {"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
        (None, {"LC_MESSAGES": "zh_CN", "LC_ALL": "en_US.UTF-8"}, "en"),
        (None, {"LC_ALL": "", "LANG": "zh_CN"}, "zh"),
        (None, {"LC_ALL": "de_DE", "MAILPROOF_LANGUAGE": "zh"}, "zh"),
        ("en", {"LANG": "zh_CN.UTF-8"}, "en"),
        ("zh-Hans", {"LANG": "en_US.UTF-8"}, "zh"),
        (None, {"LANG": "zha_CN"}, "en"),
    ],
)
def test_the_language_is_what_was_asked_for_else_the_locales(
    requested: str | None, environ: dict[str, str], language: str
) -> None:
    assert pick_language(requested, environ) == language
