"""Whatever changes on an agent's account or in what is offered is told to the open pages, by whom ever it was done."""

from collections.abc import AsyncIterator, Collection, Iterable

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ccd.bank.asking import Asking
from ccd.daemon.telling import Followed, Telling
from ccd.org.acts import Act, acts
from ccd.sql.turns import Patience, take_turn_at_once
from tests.web.acting import LOGINS, Place
from tests.web.office import Clock

WHO = {person.name: person for person in LOGINS}


class Pages:
    """What Redis is told, as long as it is there."""

    def __init__(self) -> None:
        self.told: list[list[str]] = []
        self.places: list[str] = []
        self.away = False

    async def announce(self, accounts: Iterable[str], places: Iterable[str]) -> None:
        if self.away:
            raise ConnectionError("as if Redis were away")
        self.told.append(list(accounts))
        self.places = list(places)


class World:
    def __init__(self, place: Place) -> None:
        self.place, self.pages = place, Pages()
        self.telling = Telling(place.engine, place.current, self.pages)  # type: ignore[arg-type] # only told

    async def told(self) -> Collection[str]:
        """At one look."""
        self.pages.told.clear()
        await self.telling.look()
        assert len(self.pages.told) <= 1
        return self.pages.told[0] if self.pages.told else ()

    async def noted(self, kind: str, subject: str, **after: object) -> None:
        asking = Asking(f"{kind}/{subject}", WHO["audit"], "desk-7", self.place.now())
        await take_turn_at_once(
            self.place.engine, lambda plain: asking.noted(plain, kind, subject, after, "for a test"), Patience()
        )


@pytest.fixture
async def world(engine: AsyncEngine) -> AsyncIterator[World]:
    place = await Place(engine, Clock()).open()
    for agent in ("1001", "1002"):
        await place.saved(agent, 90_000)
    made = World(place)
    assert await made.told() == ()  # of what was there before
    yield made
    await place.close()


async def test_what_is_given_held_and_decided_over_http_is_told_to_those_it_concerns_once(world: World) -> None:
    place = world.place
    tag = (await place.get("wang", "/api/quotas/team-1")).headers["etag"]
    await place.put("wang", "/api/quotas/team-1", {"on": "2026-12-10", "agents": 1}, tag)
    assert await world.told() == []
    assert world.pages.places == ["1001", "1002", "1003"]  # more is offered, and nothing on an account is another
    applied = (await place.post("1001", "/api/withdrawals", {"day": "2026-12-10", "seconds": 7_200})).json()
    assert await world.told() == ["1001"]
    (one,) = applied["applications"]
    asked = {"application": one["application"], "verdict": "approved"}
    assert (await place.post("wang", "/api/withdrawals/decisions", asked)).status_code == 200
    assert await world.told() == ["1001"]
    assert await world.told() == ()
    hours = "/api/declared-hours/team-1/2026-11"
    tag = (await place.get("wang", hours)).headers["etag"]
    await place.put("wang", hours, {"seconds": 9_000_000, "reason": "as on paper"}, tag)
    packet = {"unit": "team-1", "agents": ["1001", "1002"], "seconds": 60, "kind": "contest", "reason": "first"}
    assert (await place.post("wang", "/api/red-packets", packet)).status_code == 201
    world.telling.tell(["1002", "2001"])  # what the daemon itself has done goes with it
    assert await world.told() == ["1001", "1002", "2001"]


async def test_an_emergency_is_told_to_all_of_its_unit_and_a_call_out_to_whom_it_calls(world: World) -> None:
    place = world.place
    opened = {"unit": "centre", "level": "I", "reason": "a storm"}
    answer = await place.post("wang", "/api/emergencies", opened)
    assert answer.status_code == 201, answer.text
    assert await world.told() == ["1001", "1002", "1003", "2001"]
    await world.noted("overtime call", "centre", emergency=answer.json()["emergency"], agents=["1002"])
    assert await world.told() == ["1002"]


async def test_what_another_process_posts_is_told_and_what_is_only_read_is_not(world: World) -> None:
    await Place(world.place.engine, world.place.clock).saved("2001", 60)  # as a command does
    assert await world.told() == ["2001"]
    await world.noted("read account", "1001")
    await world.noted("hand budget", "team-1")
    assert await world.told() == ()
    await world.noted("appeal", "1003")
    assert await world.told() == ["1003"]
    await world.noted("month close", "2026-10")
    assert await world.told() == ["1001", "1002", "1003", "2001"]


async def test_where_redis_is_away_pages_are_told_once_it_is_back(world: World) -> None:
    world.pages.away = True
    with capture_logs() as logs:
        for agent in ("1001", "1002"):
            world.telling.tell([agent])
            assert await world.told() == ()
    assert [entry["event"] for entry in logs] == ["open pages are not told what was posted"]
    world.pages.away = False
    assert await world.told() == ["1001", "1002"]
    assert await world.told() == ()


async def test_a_row_that_is_committed_after_one_with_a_higher_number_is_new_all_the_same(engine: AsyncEngine) -> None:
    followed = Followed(acts.c.number)

    async def written(*numbers: int) -> list[int]:
        def work(plain: Connection) -> list[int]:
            for number in numbers:
                act = Act(str(number), 1, "li", "desk-7", "rule", "1001", "", "", "for a test")
                plain.execute(insert(acts).values(number=number, **act._asdict()))
            return followed.new(plain)

        return await take_turn_at_once(engine, work, Patience())

    assert await written(1, 2) == []
    assert await written(5) == [5]
    assert await written(3, 900) == [3, 900]
    assert await written(899) == [899]
    assert await written() == []
