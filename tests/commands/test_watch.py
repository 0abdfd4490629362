"""`ccd watch` against a running server."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ccd.live.store import Store
from ccd.org.people import ALL_UNITS, Person, Role
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.web.accounts import Accounts
from ccd.web.sessions import Sessions
from tests.commands.running import HERE, PROGRAM
from tests.live.conftest import folder, open_store, store, valkey
from tests.live.readings import floor
from tests.live.waiting import until
from tests.ports import free_port
from tests.web.office import PASSWORD, Clock, cheap_passwords
from tests.web.serving import Site, site_of

__all__ = ["folder", "open_store", "store", "valkey"]


@pytest.fixture
async def site(tmp_path: Path, store: Store) -> AsyncIterator[Site]:
    """Three agents of team-1; `lead` leads them, `boss` all there are."""
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'ccd.sqlite'}")
    await upgrade(engine)
    clock = Clock(time.time())
    accounts = Accounts(engine, cheap_passwords(), clock)
    await accounts.add(Person("lead", Role.SUPERVISOR, None, ("team-1",)), PASSWORD)
    await accounts.add(Person("boss", Role.SUPERVISOR, None, (ALL_UNITS,)), PASSWORD)
    await accounts.add(Person("陈静", Role.AGENT, "1001"), PASSWORD)
    await store.replace(floor(3, "team-1"))
    async with site_of(accounts, Sessions(engine, clock), clock, store) as running:
        await until(lambda: running.feed.is_following)
        yield running
    await engine.dispose()


async def watch(url: str, user: str, password: str, *more: str) -> tuple[int, str, str]:
    """Exit code, what was shown, what was said on stderr."""
    words = ("watch", "--once", "--url", url, "--user", user, "--password-stdin", *more)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, *words, stdin=-1, stdout=-1, stderr=-1,
        env=os.environ | {"PYTHONPATH": str(HERE), "COLUMNS": "120"},
    )  # fmt: skip
    shown, said = await process.communicate(f"{password}\n".encode())
    assert process.returncode is not None
    return process.returncode, shown.decode(), said.decode()


async def test_a_supervisor_sees_the_floor(site: Site) -> None:
    code, shown, said = await watch(site.server.url, "lead", PASSWORD)
    assert (code, said) == (0, "")
    for expected in ("1001", "1002", "1003", "available", "team-1", "pbx: "):
        assert expected in shown


async def test_who_may_not_see_it_is_told_so_in_one_line(site: Site) -> None:
    for user, password, unit, says in (
        ("lead", "wrong", (), "Wrong name or password"),
        ("陈静", PASSWORD, (), "is not shown to 陈静"),
        ("lead", PASSWORD, ("--unit", "team-3"), "the floor of team-3 is not shown to lead; ask for some of team-1"),
        ("boss", PASSWORD, ("--unit", "team-1", "--unit", "ghost"), "the floor of ghost is not shown to boss; ask for"),
    ):
        code, _, said = await watch(site.server.url, user, password, *unit)
        assert code == 1
        assert says in said
        assert len(said.splitlines()) == 1


async def test_a_server_that_is_not_there_is_said() -> None:
    for url in (f"http://127.0.0.1:{free_port()}", "http://no..host"):
        code, _, said = await watch(url, "lead", PASSWORD)
        assert (code, len(said.splitlines())) == (1, 1)
        assert "is ccd running there?" in said


@pytest.mark.parametrize("url", ["http://floor:abc", "http://[", "http://", "ftp://floor", "floor:8080"])
async def test_an_address_that_is_none_is_said(url: str) -> None:
    code, _, said = await watch(url, "lead", PASSWORD)
    assert (code, len(said.splitlines())) == (1, 1)
    assert "is no address of pages" in said


@pytest.mark.parametrize(
    "answer",
    [
        b"Asterisk Call Manager/9.0.0\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: ccd_session=1\r\nContent-Length: 4\r\n\r\nnull",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: ccd_session=1\r\nContent-Length: 100000\r\n\r\n" + b"[" * 100_000,
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\n\r\n<html>",
    ],
)
async def test_somebody_elses_server_is_said(answer: bytes) -> None:
    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(answers, "127.0.0.1", port := free_port()):
        code, _, said = await watch(f"http://127.0.0.1:{port}", "lead", PASSWORD)
    assert (code, len(said.splitlines())) == (1, 1)
    assert ("does not let lead in: Bad Gateway" if b"502" in answer else "it is not ccd that does") in said
