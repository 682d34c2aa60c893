"""One sentence that says how things are, the worst first; free of HTML, so that a terminal can say
it too."""

from zoneinfo import ZoneInfo

from mailproof.console.pages.phrasing import Speech, provider_title
from mailproof.console.pages.said import Sentence, said
from mailproof.console.pages.standing import Standing
from mailproof.console.pages.troubles import RULES
from mailproof.diagnosis.guidance.language import OperatorLanguage

__all__ = ["Sentence", "sentence", "store_away", "troubles"]


def sentence(standing: Standing, language: OperatorLanguage, zone: ZoneInfo) -> Sentence:
    """The worst that holds; else that all is well, and when that was last proven."""
    speech = Speech(language, zone, standing.now)
    return next((found for rule in RULES for found in rule(standing, speech)), None) or _well(
        standing, speech
    )


def troubles(standing: Standing, language: OperatorLanguage, zone: ZoneInfo) -> list[Sentence]:
    """Everything that is not as it should be, the worst first."""
    speech = Speech(language, zone, standing.now)
    return [found for rule in RULES for found in rule(standing, speech)]


def store_away(error: str, language: OperatorLanguage, zone: ZoneInfo, now: int) -> Sentence:
    """What can be said when nothing can be read. `error`: what the database says, redacted."""
    words = Speech(language, zone, now).words["store"]
    return said("store", "broken", words["fact"], rest=words["rest"], line=error)


def _well(standing: Standing, speech: Speech) -> Sentence:
    words = speech.words["well"]
    if standing.sent_at is None and not standing.today:
        return _untried(standing, speech)
    joint, gap = speech.words["glue"]["joint"], speech.words["glue"]["gap"]
    first = speech.counted(words, standing.today, "today")
    waits = speech.counted(words, standing.waiting, "waits")
    line = f"{first}{joint}{waits}"
    if proof := _proof(standing, speech):
        line = f"{line}{gap}{proof}"
    bad = speech.counted(words, standing.bad, "bad") if standing.bad else ""
    href = "/console/mails?tab=bad" if bad else ""
    return Sentence(
        name="well", tone="proven", seal="tick", fact=words["fact"], line=line, href=href, link=bad
    )


def _untried(standing: Standing, speech: Speech) -> Sentence:
    """Nothing has gone out, so nothing is proven."""
    words = speech.words["well"]
    provider = provider_title(next(iter(standing.providers)))
    rest = words["nothing_yet_rest"].format(provider=provider)
    line = ""
    if standing.good_check is not None:
        line = words["nothing_yet_checked"].format(
            provider=provider_title(standing.good_check.provider)
        )
    return Sentence(
        name="untried", tone="quiet", seal="dots", fact=words["nothing_yet"], rest=rest, line=line
    )


def _proof(standing: Standing, speech: Speech) -> str:
    """What last showed that mail goes out: a mail that did, else a provider that said it would."""
    words = speech.words["well"]
    if standing.sent_at is not None:
        what = speech.a_purpose(standing.sent_purpose)
        return str(words["proof_sent"]).format(ago=speech.ago(standing.sent_at), what=what)
    if standing.good_check is not None:
        provider = provider_title(standing.good_check.provider)
        ago = speech.ago(standing.good_check.at)
        return str(words["proof_check"]).format(ago=ago, provider=provider)
    return ""
