"""What the environment says: `MAILPROOF_` and the path in capitals, `MAILPROOF_DELIVERY_WAIT`."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from mailproof.config.problems import DEFAULT, Origin, Remarks, ValuePath
from mailproof.config.schema import ALIASES, SCHEMA, Leaf, Named, Shape, Table, Tables, leaf_at
from mailproof.config.sheet import Given, Sheet, close_to
from mailproof.mail.purposes import PURPOSES

__all__ = ["API_KEY", "add_default_provider", "overlay"]

API_KEY: Final = "RESEND_API_KEY"
_PREFIX: Final = "MAILPROOF_"
# Read before there are any; and what the library reads in an application.
_NOT_SETTINGS: Final = (
    *("MAILPROOF_CONFIG", "MAILPROOF_URL"),
    *("MAILPROOF_API_KEY", "MAILPROOF_APP", "MAILPROOF_FROM"),
)
_INDEX: Final = re.compile(r"([0-9]{1,3})(?:_|\Z)")


def add_default_provider(sheet: Sheet, environ: Mapping[str, str]) -> None:
    """Resend, where nothing but `RESEND_API_KEY` is set.

    `RESEND_BASE_URL` is the app's, and names this gateway: taking it over would send mail in a
    circle.
    """
    if environ.get(API_KEY, "").strip():
        origin = Origin("env", API_KEY)
        sheet.entries["providers", 0] = origin
        for key, raw in {"name": "resend", "type": "resend", "api_key": f"env:{API_KEY}"}.items():
            sheet.given["providers", 0, key] = Given(raw, origin)


def overlay(sheet: Sheet, environ: Mapping[str, str], remarks: Remarks) -> None:
    """Put the variables over what the file says. An empty one counts as not set.

    Unknown ones are remarked as odd only: a newer release may know them, or another program.
    """
    # The exact path is taken after its alias, so that it wins.
    ours = sorted(
        (name for name in environ if name.startswith(_PREFIX) and environ[name].strip()),
        key=lambda name: (name not in ALIASES, name),
    )
    for name in ours:
        if name in _NOT_SETTINGS:
            continue
        path = ALIASES.get(name) or _find(name, sheet)
        if path is None:
            _tell_unknown(name, sheet, remarks)
            continue
        origin = Origin("env", name)
        earlier = sheet.origin(path) if path in sheet.given else DEFAULT
        if earlier.kind == "env" and earlier.name.startswith(_PREFIX):
            remarks.odd(path, origin, "env.twice", other=earlier.name, name=name)
        sheet.given[path] = Given(leaf_at(path).kind.from_text(environ[name].strip()), origin)
        _enter(path, sheet, origin)
    _tell_gaps(sheet, remarks)


def _find(name: str, sheet: Sheet) -> ValuePath | None:
    return next(_paths(name.removeprefix(_PREFIX), SCHEMA, (), sheet), None)


def _paths(rest: str, shape: Shape, path: ValuePath, sheet: Sheet) -> Iterator[ValuePath]:
    """Every setting that the rest of a name can mean; names and keys may hold a `_` themselves."""
    steps: Mapping[str, str | int]
    match shape:
        case Leaf():
            if not rest:
                yield path
            return
        case Table():
            steps = {key.upper(): key for key in shape.keys}
        case Tables():
            index = _INDEX.match(rest)
            steps = _labels(path, sheet) | ({index[1]: int(index[1])} if index else {})
        case Named():
            steps = _labels(path, sheet)
    for label, step in steps.items():
        if rest == label or rest.startswith(f"{label}_"):
            inner = shape.keys[str(step)] if isinstance(shape, Table) else shape.entry
            yield from _paths(rest[len(label) + 1 :], inner, (*path, step), sheet)


def _labels(path: ValuePath, sheet: Sheet) -> dict[str, str | int]:
    """How the entries under `path` may be called in a variable: by their name."""
    labels: dict[str, str | int] = {}
    if path == ("purposes",):
        labels |= {name.upper(): name for name in PURPOSES}
    for entry in sheet.within(*path):
        given = sheet.given.get((*entry, "name"))
        name = given.raw if given is not None else entry[-1]
        if isinstance(name, str) and name:
            labels[re.sub(r"[^A-Z0-9]", "_", name.upper())] = entry[-1]
    return labels


def _enter(path: ValuePath, sheet: Sheet, origin: Origin) -> None:
    """A variable can also begin an entry that the file does not have."""
    shape: Shape = SCHEMA
    for depth, step in enumerate(path):
        match shape:
            case Table():
                shape = shape.keys[str(step)]
            case Tables() | Named():
                sheet.entries.setdefault(path[: depth + 1], origin)
                shape = shape.entry
            case Leaf():
                break


def _tell_gaps(sheet: Sheet, remarks: Remarks) -> None:
    for path in (("providers",), ("alerts", "channels")):
        for position, entry in enumerate(sheet.within(*path)):
            if entry[-1] != position:
                origin = sheet.entries[entry]
                remarks.wrong(entry, origin, "env.gap", next=str(position))
                break


def _tell_unknown(name: str, sheet: Sheet, remarks: Remarks) -> None:
    names = [*ALIASES, *_NOT_SETTINGS, *_names(SCHEMA, "MAILPROOF", (), sheet)]
    # A name that was cut short, such as MAILPROOF_LANG, has too little left to be alike.
    begun = (each for each in names if each.startswith(name))
    close = close_to(name, names, cutoff=0.8) or next(begun, "")
    origin = Origin("env", name if name.isascii() and name.isprintable() else f"{_PREFIX}…")
    if close:
        remarks.odd((), origin, "env.close", close=close)
    else:
        remarks.odd((), origin, "env.unknown")


def _names(shape: Shape, name: str, path: ValuePath, sheet: Sheet) -> Iterator[str]:
    """Every variable that would be known."""
    match shape:
        case Leaf():
            yield name
        case Table():
            for key, inner in shape.keys.items():
                yield from _names(inner, f"{name}_{key.upper()}", (*path, key), sheet)
        case Tables() | Named():
            first = {"0": 0} if isinstance(shape, Tables) else {}
            for label, step in (first | _labels(path, sheet)).items():
                yield from _names(shape.entry, f"{name}_{label}", (*path, step), sheet)
