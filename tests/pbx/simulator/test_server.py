"""The simulated switch on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from itertools import pairwise
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from ccd.errors import AddressTakenError
from ccd.floor.days import SECOND
from ccd.pbx.blocks import Blocks, event_name, stamp
from ccd.pbx.simulator import server
from ccd.pbx.simulator.ami_text import blocks
from ccd.pbx.simulator.clock import VirtualClock
from ccd.pbx.simulator.days import speech_of_day
from ccd.pbx.simulator.life import Life, midnight_of
from ccd.pbx.simulator.load import Load
from ccd.pbx.simulator.server import LivingFloor, SimulatedPbx
from ccd.pbx.simulator.session import ManagerUser
from ccd.pbx.simulator.staff import staff

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 23)
ACCOUNT = ManagerUser("ccd", "s3cret")
NOON = midnight_of(DAY, ZONE) + 12 * 3600 * SECOND
LOGIN = b"Action: Login\r\nUsername: ccd\r\nSecret: s3cret\r\n\r\n"
PING = b"Action: Ping\r\nActionID: ping\r\n\r\n"
WAIT_S_MAX = 30


class Hands:
    """A clock's hands that a test moves: seconds."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def life(agents: int = 12) -> Life:
    return Life(staff(agents, 1), DAY, ZONE, 1)


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._blocks = Blocks()
        self.writer = writer
        self.heard: list[bytes] = []

    async def until(self, wanted: bytes) -> bytes:
        """The first block, heard already or not yet, that holds `wanted`."""
        async with asyncio.timeout(WAIT_S_MAX):
            while not (found := [block for block in self.heard if wanted in block]):
                data = await self._reader.read(65_536)
                assert data, f"closed before {wanted!r} came"
                self.heard += self._blocks.feed(data)
        return found[0]

    async def closed(self) -> None:
        async with asyncio.timeout(WAIT_S_MAX):
            while data := await self._reader.read(65_536):
                self.heard += self._blocks.feed(data)

    async def ask(self, action: bytes, wanted: bytes) -> bytes:
        self.writer.write(action)
        return await self.until(wanted)


class Running:
    def __init__(self, pbx: SimulatedPbx, address: tuple[str, int]) -> None:
        self.pbx = pbx
        self.address = address

    async def client(self, login: bytes = LOGIN) -> Client:
        client = Client(*await asyncio.open_connection(*self.address))
        if login:
            await client.ask(login, b"Response:")
        return client


@asynccontextmanager
async def running(floor: LivingFloor, clock: VirtualClock, *, skip_nights: bool = False) -> AsyncIterator[Running]:
    pbx = SimulatedPbx(floor, clock, ACCOUNT, skip_nights)
    async with pbx.listening("127.0.0.1", 0) as address, asyncio.TaskGroup() as group:
        lives = group.create_task(pbx.run())
        yield Running(pbx, address)
        lives.cancel()


async def test_a_client_logs_in_and_sees_the_floor_as_it_is_at_that_hour():
    async with running(life(), VirtualClock(NOON, 1)) as switch:
        client = await switch.client()
        assert client.heard[0] == b"Asterisk Call Manager/11.0.0"
        await client.until(b"Event: FullyBooted")
        await client.ask(b"Action: QueueStatus\r\n\r\n", b"Event: QueueStatusComplete")
        assert sum(event_name(block) == b"QueueMember" for block in client.heard) >= 5
        pong = await client.ask(PING, b"Ping: Pong")
        assert NOON <= (stamp(pong) or 0) < NOON + 10 * SECOND


async def test_time_passes_at_the_speed_that_was_asked_for():
    hands = Hands()
    clock = VirtualClock(NOON, 60, hands)
    async with running(life(), clock) as switch:
        client = await switch.client()
        hands.s = 30.0
        pong = await client.ask(PING, b"ActionID: ping")
        assert (stamp(pong) or 0) == NOON + 1800 * SECOND


async def test_what_the_socket_sends_is_the_day_byte_for_byte():
    hands = Hands()
    start = midnight_of(DAY, ZONE)
    expected = blocks(speech_of_day(staff(12, 1), DAY, ZONE, 1))
    async with running(life(), VirtualClock(start, 3600, hands)) as switch:
        client = await switch.client()
        for hour in range(1, 24):
            hands.s = hour
            await asyncio.sleep(0.001)
            await client.ask(PING.replace(b"ping", b"p%d." % hour), b"ActionID: p%d." % hour)
        heard = [block for block in client.heard if b"\r\nPrivilege: " in block and b"FullyBooted" not in block]
    assert b"".join(block + b"\r\n\r\n" for block in heard) == expected
    assert len(heard) > 3_000


async def test_questions_do_not_hurry_the_day():
    """Ten questions a second, while callers wait for phones: an action that changes nothing offers nobody a call."""
    ten = NOON + 600 * SECOND
    by_itself = Life(staff(60, 1), DAY, ZONE, 1)
    by_itself.run_until(NOON)
    undisturbed = by_itself.run_until(ten)
    hands = Hands()
    asked = Life(staff(60, 1), DAY, ZONE, 1)
    switch = SimulatedPbx(asked, VirtualClock(NOON, 1, hands), ACCOUNT)
    line = server.SimulatedConnection(switch)
    switch.carry_out(line, LOGIN)
    for tenth in range(1, 6_001):
        hands.s = tenth / 10
        switch.carry_out(line, PING if tenth % 2 else b"Action: QueueStatus\r\n\r\n")
    assert asked.switch.said_until == undisturbed[-1].at
    assert [asked.switch.calls_processed, asked.switch.talks] == [
        by_itself.switch.calls_processed,
        by_itself.switch.talks,
    ]
    following = NOON + 3 * 3600 * SECOND
    assert asked.run_until(following)[-200:] == by_itself.run_until(following)[-200:]


async def test_on_a_floor_of_sixty_at_the_demos_speed_something_moves_every_second_or_so():
    speech = [s.at for s in Life(staff(60, 1), DAY, ZONE, 1).run_until(midnight_of(DAY + timedelta(days=1), ZONE) - 1)]
    opens, closes = midnight_of(DAY, ZONE) + 9 * 3600 * SECOND, midnight_of(DAY, ZONE) + 20 * 3600 * SECOND
    times = [at for at in speech if opens <= at < closes]
    longest_us = max(later - earlier for earlier, later in pairwise(times))
    assert longest_us / SECOND / 60 < 5


async def test_a_night_without_anybody_passes_in_seconds_where_that_is_wanted(monkeypatch):
    monkeypatch.setattr(server, "NIGHT_S_PER_TICK", 600)
    hands = Hands()
    clock = VirtualClock(midnight_of(DAY, ZONE) + 22 * 3600 * SECOND, 60, hands)
    async with running(life(), clock, skip_nights=True) as switch:
        client = await switch.client()
        async with asyncio.timeout(60):
            added = await client.until(b"Event: QueueMemberAdded")
        morning = midnight_of(DAY + timedelta(days=1), ZONE) + 8 * 3600 * SECOND
        assert morning < (stamp(added) or 0) < morning + 3600 * SECOND
        assert clock.now() == stamp(added)


async def test_a_wrong_secret_is_refused_and_the_line_closed():
    async with running(life(), VirtualClock(NOON, 1)) as switch:
        client = await switch.client(login=b"")
        refused = await client.ask(LOGIN.replace(b"s3cret", b"wrong"), b"Response:")
        assert refused == b"Response: Error\r\nMessage: Authentication failed"
        await client.closed()


async def test_logging_off_says_goodbye_and_closes():
    async with running(life(), VirtualClock(NOON, 1)) as switch:
        client = await switch.client()
        await client.ask(b"Action: Logoff\r\n\r\nAction: Ping\r\n\r\n", b"Goodbye")
        await client.closed()
        assert not any(b"Pong" in block for block in client.heard)


async def test_who_does_not_log_in_hears_nothing_and_is_closed(monkeypatch):
    monkeypatch.setattr(server, "AUTHENTICATION_S_MAX", 0.2)
    async with running(Load(10, 1_000, NOON), VirtualClock(NOON, 1)) as switch:
        stranger = await switch.client(login=b"")
        friend = await switch.client()
        await stranger.closed()
        assert stranger.heard == []
        await friend.until(b"Event: AgentCalled")
        await friend.ask(PING, b"Pong")


async def test_several_clients_see_what_one_of_them_does():
    async with running(life(), VirtualClock(NOON, 1)) as switch:
        first, second = await switch.client(), await switch.client()
        silent = await switch.client(LOGIN.replace(b"\r\n\r\n", b"\r\nEvents: off\r\n\r\n"))
        add = (
            b"Action: QueueAdd\r\nQueue: sales\r\nInterface: PJSIP/7777\r\nMemberName: \xe6\x9d\x8e\xe5\xa8\x9c\r\n\r\n"
        )
        await first.ask(add, b"Added interface to queue")
        for client in (first, second):
            added = await client.until(b"Interface: PJSIP/7777")
            assert event_name(added) == b"QueueMemberAdded"
            assert "李娜".encode() in added
        pause = b"Action: QueuePause\r\nInterface: PJSIP/7777\r\nPaused: 1\r\nReason: toilet\r\n\r\n"
        await second.ask(pause, b"Interface paused successfully")
        assert event_name(await first.until(b"PausedReason: toilet")) == b"QueueMemberPause"
        await silent.ask(PING, b"Pong")
        assert not any(block.startswith(b"Event:") for block in silent.heard)


async def test_a_caller_who_waits_is_offered_to_a_phone_that_a_client_signs_in():
    hands = Hands()
    opens = midnight_of(DAY, ZONE) + 8 * 3600 * SECOND
    floor = Life(staff(1, 1), DAY, ZONE, 1)
    async with running(floor, VirtualClock(opens, 1, hands)) as switch:
        client = await switch.client()
        floor.switch.join(opens, "broadband", "13800000000")
        await client.ask(b"Action: QueueAdd\r\nQueue: broadband\r\nInterface: PJSIP/7\r\n\r\n", b"Added interface")
        hands.s = 3
        assert b"Interface: PJSIP/7" in await client.until(b"Event: AgentCalled")


async def test_a_client_that_reads_nothing_is_cut_off_and_the_others_hear_all(monkeypatch):
    monkeypatch.setattr(server, "BUFFER_BYTES_MAX", 1024 * 1024)
    hands = Hands()
    async with running(Load(50, 10_000, NOON), VirtualClock(NOON, 1, hands)) as switch:
        deaf, good = await switch.client(), await switch.client()
        deaf_ears = cast("asyncio.Transport", deaf.writer.transport)
        deaf_ears.pause_reading()
        async with asyncio.timeout(30):
            while not switch.pbx.cut_off:
                hands.s += 0.1
                await good.ask(PING.replace(b"ping", b"p%.1f." % hands.s), b"ActionID: p%.1f." % hands.s)
        assert switch.pbx.cut_off == 1
        await good.ask(PING, b"ActionID: ping")
        said = [block for block in good.heard if b"\r\nPrivilege: agent" in block]
        assert len(said) == pytest.approx(10_000 * hands.s, rel=0.01)
        deaf_ears.resume_reading()
        await deaf.closed()
        assert len(deaf.heard) < len(said)


async def test_there_is_room_for_so_many_clients_and_no_more(monkeypatch):
    monkeypatch.setattr(server, "CLIENTS_MAX", 2)
    async with running(life(), VirtualClock(NOON, 1)) as switch:
        first, _ = await switch.client(), await switch.client()
        third = await switch.client(login=b"")
        await third.closed()
        assert third.heard == []
        first.writer.close()
        await first.writer.wait_closed()
        await asyncio.sleep(0.05)
        await switch.client()


async def test_a_taken_port_is_said_as_what_it_is():
    async with running(life(), VirtualClock(NOON, 1)) as switch:
        host, port = switch.address
        with pytest.raises(AddressTakenError, match=f"port {port} on 127.0.0.1 is taken"):
            async with SimulatedPbx(life(), VirtualClock(NOON, 1), ACCOUNT).listening(host, port):
                pass


async def test_closing_leaves_no_client_hanging():
    async with running(life(), VirtualClock(NOON, 1)) as switch:
        client = await switch.client()
    with pytest.raises((ConnectionResetError, AssertionError)):
        await client.until(b"nothing of that kind")
