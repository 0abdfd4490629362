"""People and their passwords, on both engines."""

import time

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import AccountError
from ccd.org.people import Person, Role
from ccd.web.accounts import Accounts
from ccd.web.passwords import Passwords
from ccd.web.schema import users
from ccd.web.sessions import Sessions
from tests.databases import lose_the_next_answer
from tests.web.office import PASSWORD


async def test_people_are_listed_with_their_units(accounts: Accounts) -> None:
    assert await accounts.all() == [
        Person("1002", Role.AGENT, "1002"),
        Person("boss", Role.SUPERVISOR, None, ("*",)),
        Person("lead", Role.SUPERVISOR, None, ("team-1", "team-2")),
        Person("陈静", Role.AGENT, "1001"),
    ]


async def test_the_right_password_is_taken_and_no_other(accounts: Accounts) -> None:
    assert await accounts.with_password("陈静", PASSWORD) == Person("陈静", Role.AGENT, "1001")
    for name, password in (("陈静", "correct hors"), ("nobody", PASSWORD), ("", ""), ("LEAD", PASSWORD)):
        assert await accounts.with_password(name, password) is None


async def test_a_password_is_kept_as_argon2id_and_in_no_other_form(accounts: Accounts, engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        rows = (await connection.execute(select(users))).all()
    assert all(row.password.startswith("$argon2id$") for row in rows)
    assert PASSWORD not in repr(rows)


async def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords(passes=3, memory_kib=8_192)
    stored = await passwords.hash(PASSWORD)
    spent: dict[str | None, list[float]] = {stored: [], None: []}
    for _ in range(8):
        for each, times in spent.items():
            began = time.perf_counter()
            assert not await passwords.is_right("wrong", each)
            times.append(time.perf_counter() - began)
    assert 0.4 < min(spent[None]) / min(spent[stored]) < 2.5


async def test_a_new_password_ends_every_session(accounts: Accounts, sessions: Sessions) -> None:
    person = await accounts.with_password("lead", PASSWORD)
    assert person is not None
    token, session = await sessions.begin(person)
    await accounts.set_password("lead", "battery staple")
    assert await sessions.of_token(token) is None
    assert await sessions.still_valid({session.key}) == set()
    assert await accounts.with_password("lead", PASSWORD) is None
    assert await accounts.with_password("lead", "battery staple") == person


async def test_with_a_person_go_units_and_sessions(accounts: Accounts, sessions: Sessions) -> None:
    person = await accounts.with_password("lead", PASSWORD)
    assert person is not None
    token, _ = await sessions.begin(person)
    await accounts.remove("lead")
    assert await sessions.of_token(token) is None
    await accounts.add(Person("lead", Role.SUPERVISOR, None, ("team-3",)), PASSWORD)
    assert (await accounts.all())[2].units == ("team-3",)


@pytest.mark.parametrize(
    ("person", "password", "says"),
    [
        (Person("lead", Role.SUPERVISOR, None, ("team-1",)), PASSWORD, "there already"),
        (Person("new", Role.SUPERVISOR, None, ()), PASSWORD, "--unit"),
        (Person("new", Role.SUPERVISOR, "1001", ("team-1",)), PASSWORD, "no --agent"),
        (Person("new", Role.AGENT), PASSWORD, "--agent"),
        (Person("new", Role.AGENT, "1001", ("team-1",)), PASSWORD, "no --unit"),
        (Person("", Role.AGENT, "1001"), PASSWORD, "needs a name"),
        (Person(" x", Role.AGENT, "1001"), PASSWORD, "needs a name"),
        (Person("new", Role.AGENT, "1001"), "short", "8 to 1000 characters"),
    ],
)
async def test_an_account_that_can_not_be_is_not_made(
    accounts: Accounts, person: Person, password: str, says: str
) -> None:
    before = await accounts.all()
    with pytest.raises(AccountError, match=says):
        await accounts.add(person, password)
    assert await accounts.all() == before


async def test_an_account_whose_commit_was_not_answered_is_made_once(
    accounts: Accounts, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = Person("new", Role.SUPERVISOR, None, ("team-1", "team-2"))
    lose_the_next_answer(engine, monkeypatch)
    await accounts.add(new, PASSWORD)
    assert await accounts.with_password("new", PASSWORD) == new
    assert [person.name for person in await accounts.all()].count("new") == 1


async def test_a_removal_whose_commit_was_not_answered_has_happened(
    accounts: Accounts, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_next_answer(engine, monkeypatch)
    await accounts.remove("lead")
    assert "lead" not in [person.name for person in await accounts.all()]


async def test_a_new_password_whose_commit_was_not_answered_is_the_password(
    accounts: Accounts, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_the_next_answer(engine, monkeypatch)
    await accounts.set_password("lead", "battery staple")
    assert await accounts.with_password("lead", "battery staple") is not None


async def test_who_is_not_there_is_said_to_be_not_there(accounts: Accounts) -> None:
    with pytest.raises(AccountError, match="is not there"):
        await accounts.remove("nobody")
    with pytest.raises(AccountError, match="is not there"):
        await accounts.set_password("nobody", PASSWORD)
