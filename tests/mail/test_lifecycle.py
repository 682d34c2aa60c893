"""The lifecycle, read as a specification: what is not written here is illegal."""

from itertools import product

import pytest

from mailproof.mail.lifecycle import (
    ENDS,
    LAST_EVENT,
    MOVES,
    PROGRESS,
    WAITING,
    IllegalMove,
    State,
    is_legal,
    move,
)

WAITING_STATES = "scheduled queued deferred held"
SPECIFICATION = {
    **dict.fromkeys(
        WAITING_STATES.split(),
        f"{WAITING_STATES} sending canceled expired superseded suppressed failed",
    ),
    "sending": "sent delivered bounced complained deferred held queued failed expired unconfirmed"
    " sandboxed suppressed canceled",
    "unconfirmed": "queued sent delivered bounced complained failed suppressed canceled expired",
    "sent": "delivered bounced complained failed suppressed",
    "delivered": "bounced complained",
    "failed": "queued",
    "expired": "queued",
    "canceled": "queued",
}
LEGAL = {
    (State(start), State(end))
    for start, ends in SPECIFICATION.items()
    for end in ends.split()
    if start != end
}


@pytest.mark.parametrize(("current", "to"), list(product(State, State)))
def test_a_mail_moves_as_specified_and_no_other_way(current: State, to: State) -> None:
    assert is_legal(current, to) is ((current, to) in LEGAL)
    if (current, to) in LEGAL:
        assert move(current, to) is to
    else:
        with pytest.raises(IllegalMove, match=f"^{current} -> {to} is no legal move"):
            move(current, to)


def test_an_illegal_move_says_what_would_have_been_legal() -> None:
    with pytest.raises(IllegalMove, match="after delivered comes bounced, complained"):
        move(State.DELIVERED, State.QUEUED)
    with pytest.raises(IllegalMove, match="after superseded comes nothing: it is an end"):
        move(State.SUPERSEDED, State.QUEUED)


def test_every_state_belongs_to_exactly_one_group() -> None:
    groups = (WAITING, frozenset({State.SENDING, State.UNCONFIRMED}), PROGRESS, ENDS)
    assert sorted(state for group in groups for state in group) == sorted(State)


def test_only_an_operator_leads_out_of_an_end() -> None:
    for end in ENDS:
        assert MOVES.get(end, frozenset()) <= {State.QUEUED}


def test_every_state_can_be_reached_from_a_waiting_one() -> None:
    seen, todo = set(WAITING), list(WAITING)
    while todo:
        new = MOVES.get(todo.pop(), frozenset()) - seen
        seen |= new
        todo += new
    assert seen == set(State)


def test_every_state_has_a_word_that_resends_sdks_know() -> None:
    documented = {
        "bounced", "canceled", "clicked", "complained", "delivered", "delivery_delayed", "failed",
        "opened", "queued", "scheduled", "sent", "suppressed",
    }  # fmt: skip
    assert set(LAST_EVENT) == set(State)
    assert set(LAST_EVENT.values()) <= documented


def test_only_what_the_provider_has_is_called_sent() -> None:
    assert {state for state in State if LAST_EVENT[state] in {"sent", "delivered"}} == PROGRESS
