"""Deeds for many mails: first what would happen, then that, step by step, then what came of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

import msgspec

from mailproof.console.pages.asked import Asked, read_asked
from mailproof.console.visit import HTML, Answer, NotFound, Page, Visit
from mailproof.store.console.bulk import Applied, Deed, Preview, apply, preview
from mailproof.store.console.search import Query
from mailproof.store.mails.desk import Answer as DeskAnswer
from mailproof.store.mails.ids import as_ids

__all__ = ["PAGES"]

_DEEDS: Final[Mapping[str, Deed]] = {"retry": "retry", "release": "release", "cancel": "cancel"}
# Steps of one request: then the page says how far it is, and goes on.
_STEPS_AT_ONCE: Final = 5
# Mails whose ids one form carries; more are chosen by what they have in common.
_IDS_MAX: Final = 1_000
# Purposes that are not configured (any more) live as long as a mail without one.
_LIFETIME_MS: Final = 86_400_000
_NUMBER_MAX: Final = 18
_ANSWERS: Final = tuple(answer for answer in DeskAnswer if answer is not DeskAnswer.DONE)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What to do, to which mails. `all_of_them`: to all that fit what was asked, else to `ids`.

    `from_mail`: the page of that one mail is where it came from.
    """

    deed: Deed
    ids: tuple[str, ...]
    all_of_them: bool
    asked: Asked
    may_double: bool
    from_mail: bool

    @property
    def back(self) -> str:
        """The page to go back to."""
        if self.from_mail and len(self.ids) == 1:
            return f"/console/mails/{self.ids[0]}"
        return self.asked.url()

    def which(self, visit: Visit) -> Sequence[str] | Query:
        return self.asked.query(visit.now, visit.zone) if self.all_of_them else self.ids


class Line(msgspec.Struct, frozen=True):
    """One thing that will happen, or not: a mark, the fact, and what follows."""

    seal: str
    tone: str
    fact: str
    rest: str
    href: str = ""


async def _ask(visit: Visit) -> Answer:
    choice = _read(_query(visit))
    if choice is None:
        raise NotFound
    if not choice.all_of_them and not choice.ids:
        return visit.redirect(choice.asked.url())
    seen = await visit.read(preview, choice.deed, choice.which(visit), may_double=choice.may_double)
    words = visit.words["ask"][choice.deed]
    shown: dict[str, Any] = {
        "choice": choice,
        "seen": seen,
        "title": _counted(words, "title", seen.chosen, more=seen.more),
        "lines": _lines(choice, seen, visit),
        "act": _counted(words, "act", seen.will, more=seen.more) if seen.will else "",
        "keep": words["keep"],
        "doubles": seen.refused.get(DeskAnswer.MAY_DOUBLE, 0) if choice.deed == "retry" else 0,
        "doubles_url": _url(choice, may_double="1"),
    }
    is_part = visit.request.header(b"hx-request") is not None
    if is_part:
        return visit.fragment("mails_ask_part.html", **shown)
    return visit.page("mails_ask.html", **shown)


async def _act(visit: Visit) -> Answer:
    form = await visit.form()
    choice = _read(form)
    if choice is None:
        raise NotFound
    done, refused = _number(form, "done"), Counter(_refused_in(form))
    begin: int | None = _number(form, "begin") or None
    lifetimes = {
        name: round(each.purpose.expires_s * 1_000)
        for name, each in visit.parts.settings.purposes.items()
    }
    for _ in range(_STEPS_AT_ONCE):
        step: Applied = await visit.write(
            apply,
            choice.deed,
            choice.which(visit),
            actor=visit.actor,
            lifetime_ms=lambda purpose: lifetimes.get(purpose, _LIFETIME_MS),
            may_double=choice.may_double,
            begin=begin,
        )
        done, begin = done + step.done, step.go_on
        refused.update(step.refused)
        if begin is None:
            return _ended(visit, choice, done, refused)
    counted: dict[str, Any] = {"done": done, "refused": refused, "begin": begin}
    counted |= {"chosen": _number(form, "chosen"), "seen_so_far": done + refused.total()}
    template = "mails_progress_part.html" if _is_part(visit) else "mails_progress.html"
    draw = visit.fragment if _is_part(visit) else visit.page
    return draw(template, choice=choice, **counted)


async def _done(visit: Visit) -> Answer:
    """What became of it, in numbers: they come from the address, words from the words file."""
    choice = _read(_query(visit))
    if choice is None:
        raise NotFound
    given = _query(visit)
    done, refused = _number(given, "done"), _refused_in(given)
    words = visit.words["done"]
    return visit.page(
        "mails_done.html",
        choice=choice,
        done=done,
        title=_counted(words[choice.deed], "title", done) if done else words["nothing"],
        lines=[
            Line("bang", "waiting", _refusal(visit, answer, count), _refusal_rest(visit, answer))
            for answer, count in refused.items()
        ],
    )


def _ended(visit: Visit, choice: Choice, done: int, refused: Mapping[DeskAnswer, int]) -> Answer:
    counted = {_name(answer): count for answer, count in refused.items() if count}
    if choice.from_mail and not counted:
        url = choice.back
    else:
        fields = {**_fields(choice), "done": done, **counted}
        url = f"/console/mails/done?{urlencode(fields)}"
    if _is_part(visit):
        return Answer(200, b"", ((b"hx-redirect", url.encode()),), HTML)
    return visit.redirect(url)


def _lines(choice: Choice, seen: Preview, visit: Visit) -> list[Line]:
    """What will happen, the most important first."""
    words = visit.words["ask"]
    lines = [_will(choice, seen, visit)]
    for answer, count in sorted(seen.refused.items(), key=lambda each: -each[1]):
        closed = answer is DeskAnswer.LANE_CLOSED
        rest = _refusal_rest(visit, answer)
        if closed and seen.routes_closed:
            rest = words["routes_closed"].format(routes=", ".join(seen.routes_closed)) + rest
        href = "/console/routes" if closed else ""
        tone = "waiting" if closed else "quiet"
        lines.append(
            Line("pause" if closed else "dots", tone, _refusal(visit, answer, count), rest, href)
        )
    if choice.deed == "cancel":
        lines.append(Line("tick", "proven", words["again"], words["again_rest"]))
    elif choice.may_double:
        lines.append(Line("bang", "broken", words["double"], words["double_rest"]))
    elif seen.will:
        lines.append(Line("tick", "proven", words["no_double"], words["no_double_rest"]))
    if seen.more:
        fact = words["looked_at"].format(n=f"{seen.chosen:,}")
        lines.append(Line("dots", "quiet", fact, words["looked_at_rest"]))
    if seen.expire_soon:
        fact = _counted(words, "soon", seen.expire_soon)
        lines.append(Line("clock", "waiting", fact, words["soon_rest"]))
    return lines


def _will(choice: Choice, seen: Preview, visit: Visit) -> Line:
    words = visit.words["ask"][choice.deed]
    if seen.will == 0:
        return Line("cross", "broken", words["none"], "")
    if seen.more:
        name = "at_least"
    elif seen.will == seen.chosen:
        name = "one" if seen.will == 1 else "all"
    else:
        name = "some"
    fact = words[name].format(n=f"{seen.will:,}", chosen=f"{seen.chosen:,}")
    return Line("tick", "proven", fact, words["rest"])


def _refusal(visit: Visit, answer: DeskAnswer, count: int) -> str:
    told: str = visit.words["refused"][answer.value]["fact"].format(n=f"{count:,}")
    return told


def _refusal_rest(visit: Visit, answer: DeskAnswer) -> str:
    told: str = visit.words["refused"][answer.value]["rest"]
    return told


def _counted(words: Mapping[str, str], name: str, n: int, *, more: bool = False) -> str:
    """The form for one, for many, or for more than were counted."""
    form = words[f"{name}_more" if more else f"{name}_one" if n == 1 else name]
    return form.format(n=f"{n:,}")


def _read(given: Mapping[str, Sequence[str]]) -> Choice | None:
    """From an address or a form. None: it says of no deed."""
    last = {name: values[-1] for name, values in given.items() if values}
    deed = _DEEDS.get(last.get("deed", ""))
    if deed is None:
        return None
    return Choice(
        deed=deed,
        ids=tuple(as_ids(given.get("id", ())))[:_IDS_MAX],
        all_of_them=last.get("all") == "1",
        asked=read_asked(last),
        may_double=last.get("may_double") == "1",
        from_mail=last.get("from") == "mail",
    )


def _fields(choice: Choice) -> dict[str, Any]:
    """What a form or an address has to carry on, without the ids."""
    fields: dict[str, Any] = {"deed": choice.deed, **choice.asked.fields}
    if choice.all_of_them:
        fields["all"] = "1"
    return fields


def _url(choice: Choice, **more: str) -> str:
    pairs = [*_fields(choice).items(), *(("id", id_) for id_ in choice.ids)]
    if choice.from_mail:
        pairs.append(("from", "mail"))
    return f"/console/mails/ask?{urlencode([*pairs, *more.items()])}"


def _refused_in(given: Mapping[str, Sequence[str]]) -> dict[DeskAnswer, int]:
    found = {answer: _number(given, _name(answer)) for answer in _ANSWERS}
    return {answer: count for answer, count in found.items() if count}


def _name(answer: DeskAnswer) -> str:
    """The field that carries how many were answered so."""
    return f"n_{answer.value}"


def _number(given: Mapping[str, Sequence[str]], name: str) -> int:
    """0: it is not there, or no number. What comes from outside is never too large to read."""
    text = next(iter(given.get(name, ())), "")
    is_number = text.isascii() and text.isdigit() and len(text) <= _NUMBER_MAX
    return int(text) if is_number else 0


def _query(visit: Visit) -> Mapping[str, Sequence[str]]:
    """All values of each field of the address."""
    text = visit.request.scope["query_string"].decode("latin-1")
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=2 * _IDS_MAX)
    except ValueError:
        return {}  # more fields than any form of ours has: it asks for nothing that there is


def _is_part(visit: Visit) -> bool:
    return visit.request.header(b"hx-request") is not None


PAGES: Final = (
    Page("/console/mails/ask", "GET", _ask, role="admin", words="mails"),
    Page("/console/mails/act", "POST", _act, role="admin", words="mails"),
    Page("/console/mails/done", "GET", _done, words="mails"),
)
