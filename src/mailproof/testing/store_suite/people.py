"""Cases of who may look at the console, and of sessions that begin, go on and end."""

from typing import Final

from mailproof.store.console.people import (
    ABSOLUTE_MS,
    IDLE_MS,
    LastAdmin,
    Person,
    add_person,
    begin_session,
    change_password,
    end_session,
    first_admin,
    list_people,
    password_of,
    remove_person,
    session,
    sign_in_failed,
    touch,
)
from mailproof.testing.store_suite.world import World, expect

__all__ = ["CASES"]

_ONE: Final = b"1" * 32
_TWO: Final = b"2" * 32


async def a_name_is_had_by_one_person(world: World) -> None:
    added = [
        await world.database.write(add_person, "lena", "viewer", f"hash {n}", actor="cli:ada")
        for n in range(2)
    ]
    expect(added == [True, False], f"a name was given twice: {added}")
    found = await world.database.read(password_of, "lena")
    expect(found == "hash 0", "the second one of that name took the password of the first")
    (member,) = await world.database.read(list_people)
    expect((member.name, member.role) == ("lena", "viewer"), f"somebody else was added: {member}")
    expect(member.created_at == member.changed_at == world.now, f"at another time: {member}")
    expect(await world.database.read(password_of, "tom") is None, "nobody has a password")


async def only_the_first_of_all_is_made_by_itself(world: World) -> None:
    other = await world.open_again()
    first = await world.database.write(first_admin, "admin", "hash", actor="server")
    second = await other.write(first_admin, "admin", "other", actor="server")
    expect((first, second) == (True, False), "a second start made a second admin")


async def a_session_is_found_by_its_hash_alone(world: World) -> None:
    await _lena(world)
    found = await world.database.read(session, _ONE)
    expect(found is not None, "a session that began is not there")
    expect(found is None or found.person == Person("lena", "admin"), f"whose is it: {found}")
    expect(await world.database.read(session, _TWO) is None, "a session that nobody began")
    await world.database.write(end_session, _ONE)
    expect(await world.database.read(session, _ONE) is None, "who signed out is still in")


async def a_session_ends_when_it_is_not_used(world: World) -> None:
    await _lena(world)
    world.advance(IDLE_MS / 1000 - 1)
    await world.database.write(touch, _ONE)
    world.advance(IDLE_MS / 1000 - 1)
    expect(await world.database.read(session, _ONE) is not None, "it was used, and ended")
    world.advance(1)
    expect(await world.database.read(session, _ONE) is None, "it was not used, and goes on")


async def a_session_ends_however_much_it_is_used(world: World) -> None:
    await _lena(world)
    for _ in range(ABSOLUTE_MS // IDLE_MS * 2 - 1):
        world.advance(IDLE_MS / 2000)
        await world.database.write(touch, _ONE)
    expect(await world.database.read(session, _ONE) is not None, "it ended too early")
    world.advance(IDLE_MS / 2000)
    expect(await world.database.read(session, _ONE) is None, "it goes on for ever")


async def a_new_password_ends_all_sessions_but_the_one_that_set_it(world: World) -> None:
    await _lena(world)
    await world.database.write(begin_session, _TWO, "lena")
    world.advance(1)
    changed = await world.database.write(
        change_password, "lena", "new", actor="console:lena", but=_TWO
    )
    expect(changed, "the password was not changed")
    expect(await world.database.read(session, _ONE) is None, "the old password still opens")
    expect(await world.database.read(session, _TWO) is not None, "who changed it is out")
    expect(await world.database.read(password_of, "lena") == "new", "the old password is there")
    nobody = await world.database.write(change_password, "tom", "new", actor="cli:ada")
    expect(not nobody, "nobody's password was changed")


async def who_is_removed_is_out_at_once(world: World) -> None:
    await _lena(world)
    await world.database.write(add_person, "tom", "admin", "hash", actor="cli:ada")
    removed = [await world.database.write(remove_person, "lena", actor="cli:ada") for _ in "12"]
    expect(removed == [True, False], f"removed twice: {removed}")
    expect(await world.database.read(session, _ONE) is None, "who was removed is still in")
    await world.database.write(add_person, "lena", "viewer", "hash", actor="cli:ada")
    expect(await world.database.read(session, _ONE) is None, "a namesake took over the session")


async def the_last_admin_stays(world: World) -> None:
    await _lena(world)
    await world.database.write(add_person, "tom", "viewer", "hash", actor="cli:ada")
    try:
        await world.database.write(remove_person, "lena", actor="cli:ada")
    except LastAdmin:
        left = await world.database.read(list_people)
        expect([each.name for each in left] == ["lena", "tom"], f"somebody is gone: {left}")
        expect(await world.database.read(session, _ONE) is not None, "their session ended")
    else:
        expect(False, "nobody can act any more")  # noqa: FBT003


async def what_people_do_is_told_with_their_names(world: World) -> None:
    await _lena(world)
    await world.database.write(sign_in_failed, "", "192.0.2.1")
    await world.database.write(change_password, "lena", "new", actor="cli:ada")
    await world.database.write(add_person, "tom", "viewer", "hash", actor="console:lena")
    await world.database.write(remove_person, "tom", actor="console:lena")
    told = [(each.type, each.actor, each.data.get("person")) for each in await world.events()]
    wanted = [
        ("person.added", "test", "lena"),
        ("person.signed_in", "console:lena", "lena"),
        ("person.sign_in_failed", "", ""),
        ("person.password_changed", "cli:ada", "lena"),
        ("person.added", "console:lena", "tom"),
        ("person.removed", "console:lena", "tom"),
    ]
    expect(told == wanted, f"told otherwise: {told}")


async def _lena(world: World) -> None:
    """An admin who is signed in."""
    await world.database.write(add_person, "lena", "admin", "hash", actor="test")
    await world.database.write(begin_session, _ONE, "lena")
    await world.database.write(begin_session, _ONE, "lena")  # the first answer was lost


CASES: Final = (
    a_name_is_had_by_one_person,
    only_the_first_of_all_is_made_by_itself,
    a_session_is_found_by_its_hash_alone,
    a_session_ends_when_it_is_not_used,
    a_session_ends_however_much_it_is_used,
    a_new_password_ends_all_sessions_but_the_one_that_set_it,
    who_is_removed_is_out_at_once,
    the_last_admin_stays,
    what_people_do_is_told_with_their_names,
)
