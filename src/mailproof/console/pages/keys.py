"""The keys of applications: which are good, and making and revoking them."""

from typing import Any, Final, cast
from urllib.parse import urlencode, urlsplit

import msgspec

from mailproof.console.pages.asking import Done
from mailproof.console.pages.phrasing import Speech
from mailproof.console.visit import Answer, NotFound, Page, Visit
from mailproof.mail.purposes import lookup
from mailproof.store.base import Tx
from mailproof.store.console.key_use import keys_used
from mailproof.store.nodes.keys import (
    ApiKey,
    OnHold,
    Scope,
    create_key,
    key_with_id,
    list_keys,
    make_key,
    revoke_key,
)

__all__ = ["PAGES"]

_HERE: Final = "/console/keys"
_NAME_MAX: Final = 100
_WAIT_MAX_S: Final = 300.0
_NO_FIELDS: Final = {
    "name": "",
    "scope": "send",
    "purpose": "",
    "wait": "",
    "on_hold": "",
    "origin": "",
}


class _Wanted(msgspec.Struct, frozen=True):
    """A key as the form asks for it."""

    name: str
    scope: Scope
    purpose: str
    wait_ms: int | None
    on_hold: OnHold | None
    origin: str


async def show(visit: Visit) -> Answer:
    keys, used = await visit.read(_look)
    speech = Speech(visit.language, visit.zone, visit.now)
    good = [key for key in keys if key.revoked_at is None]
    words = visit.words["sentence"]
    rest = words["none_rest"]
    if good:
        apps = len({key.name for key in good})
        name = "rest" if apps > 1 else "rest_one" if len(good) == 1 else "rest_same"
        rest = words[name].format(apps=apps)
    return visit.page(
        "keys.html",
        fact=speech.counted(words, len(good)),
        rest=rest,
        rows=[_row(key, used, visit) for key in good + [k for k in keys if k.revoked_at]],
        done=await _done(visit),
    )


async def new(visit: Visit) -> Answer:
    name = visit.request.query.get("name", "")[:_NAME_MAX]
    return _form(visit, {**_NO_FIELDS, "name": name}, {})


async def create(visit: Visit) -> Answer:
    """The key is on the answer's page, and nowhere else: it is never asked for by an address."""
    fields = {name: values[0].strip() for name, values in (await visit.form()).items()}
    given = {name: fields.get(name, usual) for name, usual in _NO_FIELDS.items()}
    wanted = _read(given, visit)
    if isinstance(wanted, dict):
        return _form(visit, given, wanted, status=422)
    made = make_key()
    await visit.write(
        create_key,
        made,
        wanted.name,
        actor=visit.actor,
        scope=wanted.scope,
        purpose=wanted.purpose,
        wait_ms=wanted.wait_ms,
        on_hold=wanted.on_hold,
        origin=wanted.origin,
    )
    return visit.page(
        "key_made.html",
        name=wanted.name,
        secret=made.secret,
        base_url=visit.parts.settings.public_url.rstrip("/"),
    )


async def stay(visit: Visit) -> Answer:
    """The page with the new key stays as it is while somebody copies it."""
    if visit.request.header(b"console-version") is not None:
        return Answer(204, b"")
    return visit.redirect(_HERE)


async def ask_first(visit: Visit) -> Answer:
    """What revoking would mean. Raises `NotFound`: there is no such good key."""
    key_id = visit.request.query.get("id", "")
    keys, used = await visit.read(_look)
    key = next((each for each in keys if each.id == key_id and each.revoked_at is None), None)
    if key is None:
        raise NotFound
    speech = Speech(visit.language, visit.zone, visit.now)
    words = visit.words["ask"]
    others = sum(
        each.name == key.name and each.id != key.id and each.revoked_at is None for each in keys
    )
    last = used.get(key.id)
    context: dict[str, Any] = {
        "key": key,
        "others": speech.counted(words, others, "others", name=key.name),
        "alone": not others,
        "used": words["unused"] if last is None else words["used"].format(ago=speech.ago(last)),
        "in_use": last is not None,
    }
    if visit.request.header(b"hx-request") is not None:
        return visit.fragment("key_ask.html", **context)
    return visit.page("key_ask_page.html", **context)


async def revoke(visit: Visit) -> Answer:
    """Raises `NotFound`: there is no such key."""
    key_id = (await visit.form()).get("id", [""])[0]
    was = await visit.read(key_with_id, key_id)
    if was is None:
        raise NotFound
    await visit.write(revoke_key, key_id, actor=visit.actor)
    code = "revoked" if was.revoked_at is None else "already"
    return visit.redirect(f"{_HERE}?{urlencode({'done': code, 'id': key_id})}")


async def _look(tx: Tx) -> tuple[list[ApiKey], dict[str, int]]:
    keys = await list_keys(tx)
    return keys, await keys_used(tx, [key.name for key in keys if key.revoked_at is None])


def _row(key: ApiKey, used: dict[str, int], visit: Visit) -> dict[str, Any]:
    words = visit.words
    defaults = []
    if key.wait_ms is not None:
        defaults.append(words["wait"].format(s=f"{key.wait_ms / 1_000:g}"))
    if key.on_hold is not None:
        defaults.append(words[f"on_hold_{key.on_hold}"])
    if key.origin:
        defaults.append(words["origin"].format(origin=key.origin))
    return {
        "key": key,
        "scope": words["scopes"][key.scope],
        "purpose": words["frame"]["purposes"].get(key.purpose, key.purpose) if key.purpose else "",
        "defaults": ("，" if visit.language == "zh" else ", ").join(defaults),
        "used_at": used.get(key.id),
        "revoked": ""
        if key.revoked_at is None
        else words["revoked"].format(time=visit.time(key.revoked_at)),
    }


def _form(
    visit: Visit, given: dict[str, str], wrong: dict[str, str], *, status: int = 200
) -> Answer:
    return visit.page(
        "key_new.html",
        status=status,
        given=given,
        wrong=wrong,
        purposes=tuple(visit.parts.settings.purposes),
        wait_s=f"{visit.parts.settings.delivery.wait_s:g}",
        name_max=_NAME_MAX,
    )


def _read(given: dict[str, str], visit: Visit) -> _Wanted | dict[str, str]:
    """The key that is wanted; else what is wrong with each field."""
    words, wrong = visit.words["wrong"], {}
    known = {name: each.purpose for name, each in visit.parts.settings.purposes.items()}
    purpose = lookup(given["purpose"], known)
    if not given["name"] or len(given["name"]) > _NAME_MAX:
        wrong["name"] = words["name"]
    if given["scope"] not in ("send", "full"):
        wrong["scope"] = words["scope"]
    if purpose is None:
        wrong["purpose"] = words["purpose"]
    if given["origin"] and not _is_origin(given["origin"]):
        wrong["origin"] = words["origin"]
    wait_s = _seconds(given["wait"])
    if given["wait"] and wait_s is None:
        wrong["wait"] = words["wait"]
    if wrong or purpose is None:
        return wrong
    on_hold = given["on_hold"] if given["on_hold"] in ("promise", "refuse") else None
    return _Wanted(
        given["name"],
        cast(Scope, given["scope"]),
        purpose.name if given["purpose"] else "",
        None if wait_s is None else round(wait_s * 1_000),
        cast(OnHold | None, on_hold),
        given["origin"].rstrip("/"),
    )


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:  # said beside the field
        return None
    return value if 0 <= value <= _WAIT_MAX_S else None


def _is_origin(text: str) -> bool:
    parts = urlsplit(text.rstrip("/"))
    return parts.scheme in {"https", "http"} and bool(parts.netloc) and not parts.path + parts.query


async def _done(visit: Visit) -> Done | None:
    code = visit.request.query.get("done", "")
    if code not in {"revoked", "already"}:
        return None
    key = await visit.read(key_with_id, visit.request.query.get("id", ""))
    if key is None:
        return None
    return Done(visit.words["done"][code].format(id=key.id, name=key.name), "quiet")


PAGES: Final[tuple[Page, ...]] = (
    Page(_HERE, "GET", show, words="keys"),
    Page(f"{_HERE}/new", "GET", new, role="admin", words="keys"),
    Page(f"{_HERE}/create", "GET", stay, role="admin", words="keys"),
    Page(f"{_HERE}/create", "POST", create, role="admin", words="keys"),
    Page(f"{_HERE}/ask", "GET", ask_first, role="admin", words="keys"),
    Page(f"{_HERE}/revoke", "POST", revoke, role="admin", words="keys"),
)
