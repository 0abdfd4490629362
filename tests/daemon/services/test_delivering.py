"""Webhooks, at a receiver that fails, hangs, is elsewhere or gone: each item at least once, in order, under one id."""

import asyncio
import base64
import contextlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.outbox import HookStand, OutboxItem, OutboxKind, begin_hooks, go_on, stands, tell
from ccd.daemon.services import delivering
from ccd.daemon.services.delivering import CLAIM_S, TRYING_S_MAX, Delivering, Hook, client, delay_s_of, headers_of
from ccd.errors import ConfigurationError, Fault
from ccd.history.reading import reading
from ccd.sql.turns import Patience, take_turn, take_turn_at_once
from tests.daemon.receiving import HANGS, LATE, Receiver, receiving
from tests.web.office import Clock

KEYS = (b"a key of more than twenty-four", b"the next one, that comes after")
ALL = tuple(kind.value for kind in OutboxKind)


class World:
    def __init__(self, engine: AsyncEngine, receiver: Receiver, http: httpx.AsyncClient) -> None:
        self.engine, self.receiver, self.http, self.clock = engine, receiver, http, Clock()
        self.hook = self.hooked("hr")
        self.delivering = self.daemon()

    def hooked(self, name: str, url: str = "", kinds: Sequence[str] = ALL) -> Hook:
        return Hook(name, url or self.receiver.url, tuple(kinds), lambda: KEYS)

    def daemon(self, *hooks: Hook) -> Delivering:
        return Delivering(self.engine, hooks or (self.hook,), self.clock, answer_s_max=1.0, look_interval_s=0.01)

    async def begin(self, *names: str) -> None:
        await take_turn(self.engine, lambda connection: begin_hooks(connection, names or ["hr"]), Patience())

    async def tell(self, *subjects: str, kind: OutboxKind = OutboxKind.MONTH) -> list[str]:
        items = [OutboxItem(kind, subject, 1_795_500_000_000_000, {"agent": subject}) for subject in subjects]
        await take_turn_at_once(self.engine, lambda connection: tell(connection, items), Patience())
        return [item.id for item in items]

    async def deliver(self, hook: Hook | None = None) -> int:
        count = 0
        while await self.delivering.tell_next(self.http, hook or self.hook):
            count += 1
        return count

    async def stand(self, name: str = "hr") -> HookStand:
        async with reading(self.engine) as connection:
            return {one.name: one for one in await stands(connection)}[name]

    async def asked_to_go_on(self, number: int | None = None) -> int | None:
        def work(connection: Connection) -> int | None:
            return go_on(connection, "hr", number)

        return await take_turn_at_once(self.engine, work, Patience())


@pytest.fixture
async def world(engine: AsyncEngine) -> AsyncIterator[World]:
    async with receiving() as receiver, client() as http:
        made = World(engine, receiver, http)
        await made.begin()
        yield made


def test_the_signature_is_that_of_standard_webhooks():
    """The example that receivers are tested with."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = headers_of("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}', [key])
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330")


@pytest.mark.parametrize(
    ("tries", "jitter", "delay_s"),
    [(1, 0.0, 5), (2, 0.0, 10), (5, 0.0, 80), (5, 0.2, 96), (5, -0.2, 64), (14, 0.0, 21_600), (999, 0.2, 21_600)],
)
def test_the_next_try_is_later_each_time_up_to_six_hours(tries: int, jitter: float, delay_s: float):
    assert delay_s_of(tries, jitter) == pytest.approx(delay_s)


async def test_items_are_told_in_order_and_signed_with_each_key(world: World) -> None:
    ids = await world.tell("张敏", "bob")
    assert await world.deliver() == 2
    assert world.receiver.ids == ids
    heard = world.receiver.heard[0]
    at = int(world.clock())
    signed = f"{ids[0]}.{at}.".encode() + heard.body
    expected = [base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in KEYS]
    assert heard.headers["webhook-signature"].split() == [f"v1,{one}" for one in expected]
    assert json.loads(heard.body) == {
        "type": "attendance.month", "timestamp": "2026-11-24T06:00:00Z", "data": {"agent": "张敏"},
    }  # fmt: skip
    assert await world.deliver() == 0, "and nothing twice"


async def test_what_a_receiver_does_not_take_is_told_again_under_the_same_id_and_nothing_overtakes_it(
    world: World,
) -> None:
    first, second = await world.tell("ann", "bob")
    world.receiver.answers = [500, HANGS, 429, 204]
    for error in ("answered 500", "did not answer within 1 s", "answered 429"):
        assert await world.deliver() == 0
        stand = await world.stand()
        assert stand.error == error
        assert await world.deliver() == 0, "not before its time"
        world.clock.now = stand.next_at / 1_000_000
    assert stand.tries == 3
    assert await world.deliver() == 2
    assert world.receiver.ids == [first] * 4 + [second]
    assert (await world.stand())[2:] == (0, None, 0, "", "")


async def test_a_receiver_that_is_away_is_waited_for(world: World) -> None:
    await world.tell("ann")
    nowhere = world.hooked("hr", "http://127.0.0.1:9/ccd")
    assert await world.deliver(nowhere) == 0
    assert (await world.stand()).error.startswith("can't be reached: ")
    world.clock.now += 60
    assert await world.deliver() == 1


async def test_who_is_killed_between_the_answer_and_the_note_tells_it_again_under_the_same_id(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    (only,) = await world.tell("ann")
    with monkeypatch.context() as patch:
        patch.setattr(delivering, "took", killed)
        with pytest.raises(asyncio.CancelledError):
            await world.deliver()
    assert world.receiver.ids == [only]
    world.delivering = world.daemon()
    assert await world.deliver() == 0, "whoever had it may still be at it"
    world.clock.now += CLAIM_S
    assert await world.deliver() == 1
    assert world.receiver.ids == [only, only]
    assert world.receiver.heard[0].body == world.receiver.heard[1].body


@pytest.mark.parametrize("first", [1, 3])
async def test_who_stalls_amid_sending_skips_nothing_that_somebody_has_told_again(world: World, first: int) -> None:
    ids = await world.tell("ann", "bob", "cyd")
    world.receiver.answers = [204, 204, LATE, 503]
    assert await world.delivering.tell_next(world.http, world.hook)
    assert await world.delivering.tell_next(world.http, world.hook)
    stalled = Delivering(world.engine, (world.hook,), world.clock)
    async with asyncio.TaskGroup() as group:
        group.create_task(stalled.tell_next(world.http, world.hook))
        await world.receiver.is_late.wait()
        world.clock.now += 1
        assert await world.asked_to_go_on(first) == first - 1
        assert await world.deliver() == 0
        world.receiver.let_go.set()
    assert (await world.stand()).taken == first - 1
    world.clock.now += CLAIM_S
    assert await world.deliver() == len(ids) - first + 1
    again = ids[first - 1 :]
    assert world.receiver.ids == [*ids, again[0], *again]


async def test_a_receiver_that_is_gone_is_told_nothing_until_somebody_asks_for_it(world: World) -> None:
    ids = await world.tell("ann", "bob")
    world.receiver.answers = [204, 410]
    assert await world.deliver() == 1
    world.clock.now += 1_000_000
    assert await world.deliver() == 0
    assert (await world.stand()).stopped == "wants nothing any more (410)"
    assert world.delivering.standing["hr"].stopped
    assert await world.asked_to_go_on() == 1
    assert await world.deliver() == 1
    assert not world.delivering.standing["hr"].stopped
    assert world.receiver.ids == [ids[0], ids[1], ids[1]]
    assert await world.asked_to_go_on(1) == 0
    assert await world.deliver() == 2


async def test_after_seven_days_it_is_given_up_and_nothing_is_skipped(world: World) -> None:
    (only,) = await world.tell("ann")
    began, tries = world.clock.now, 0
    while not (stand := await world.stand()).stopped:
        world.receiver.answers = [503]
        world.clock.now = max(world.clock.now, stand.next_at / 1_000_000)
        assert await world.deliver() == 0
        tries += 1
    assert stand.stopped == "took nothing for 7 days"
    assert 0 <= world.clock.now - began - TRYING_S_MAX <= 21_600
    assert 35 < tries < 50
    await world.asked_to_go_on()
    assert await world.deliver() == 1
    assert set(world.receiver.ids) == {only}


@pytest.mark.parametrize("url", ["https://127.0.0.1/\t", "https://xn--.example/", "https://a..b/"])
async def test_an_address_that_is_none_is_said_and_ends_nothing_else(world: World, url: str) -> None:
    await world.tell("ann")
    assert await world.deliver(world.hooked("hr", url)) == 0
    assert (await world.stand()).error.startswith("can't be reached: ")


async def test_no_redirect_is_followed(world: World) -> None:
    await world.tell("ann")
    async with receiving() as elsewhere:
        world.receiver.answers, world.receiver.more = [308], f"location: {elsewhere.url}\r\n"
        assert await world.deliver() == 0
        assert elsewhere.heard == []
    assert (await world.stand()).error.startswith("answered 308: it is elsewhere")


async def test_a_secret_that_can_t_be_read_is_said_and_waited_for(world: World) -> None:
    def unreadable() -> Sequence[bytes]:
        raise ConfigurationError((Fault(Path("secret"), None, "webhook.secret_file", "can't be read: gone"),))

    await world.tell("ann")
    assert await world.deliver(world.hook._replace(keys=unreadable)) == 0
    assert "can't be read: gone" in (await world.stand()).error
    assert world.receiver.heard == []


async def test_two_who_deliver_at_once_tell_each_item_once(world: World) -> None:
    ids = await world.tell(*map(str, range(12)))
    others = [world.daemon() for _ in range(3)]

    async def all_of(one: Delivering) -> None:
        while len(world.receiver.heard) < len(ids):
            await one.tell_next(world.http, world.hook)
            await asyncio.sleep(0)

    await asyncio.gather(*map(all_of, others))
    assert world.receiver.ids == ids


async def test_a_hook_is_told_its_kinds_and_what_happens_after_its_own_start(world: World) -> None:
    await world.tell("before")
    await world.begin("late")
    wanted = await world.tell("2026-11", kind=OutboxKind.CLOSED)
    await world.tell("ann", kind=OutboxKind.DAY)
    assert await world.deliver(world.hooked("late", kinds=["attendance.closed"])) == 1
    assert world.receiver.ids == wanted
    assert await world.deliver() == 3


async def test_a_receiver_that_hangs_holds_up_no_other(world: World) -> None:
    ids = await world.tell("ann", "bob")
    async with receiving() as slow:
        slow.answers = [HANGS]
        await world.begin("slow")
        await take_turn_at_once(world.engine, lambda plain: go_on(plain, "slow", 1), Patience())
        daemon = world.daemon(world.hook, world.hooked("slow", slow.url))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await daemon.run()
        assert slow.ids[0] == ids[0]
    assert world.receiver.ids == ids
