"""What leaders ask of the switches: by who may, asked once, and what came of it known to every day record."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.bank.statement import agent_statement
from ccd.daemon.explained.explaining import explained
from ccd.daemon.services.ordering import order, take_back
from ccd.daemon.site import Current
from ccd.daemon.switches.carrying_out import LATE, Switchboard
from ccd.daemon.switches.floors import Floors
from ccd.errors import ActNotAllowedError, NotAskedError, OrderError, PbxError, PbxLostError
from ccd.floor.events import PbxEvent
from ccd.floor.floor_state import FloorState
from ccd.floor.rules import QueueRule, SeatRules
from ccd.history.reckoned_against import expected_read
from ccd.ledger.model import Transfer
from ccd.org.acts import noted
from ccd.org.order_rows import Order
from ccd.org.orders import Answered, Ended, OrderKind, OrderOutcome
from ccd.org.people import Duty, Office, Person, Role
from ccd.settings.tree import Orders
from ccd.sql.turns import Patience, take_turn_at_once
from tests.daemon.ruled import ANN, HOUR, MANAGER, TUESDAY, Centre, at, shift, us
from tests.floor.floors import S, added, connected, lost, member, removed, snapshot

LEADER = Person("lea", Role.SUPERVISOR, duties=(Duty(Office.TEAM_LEADER, "team-1"),))
DEPUTY = Person("dee", Role.SUPERVISOR, duties=(Duty(Office.TEAM_LEADER, "team-1", "lea"),))
OTHERS = Person("tom", Role.SUPERVISOR, duties=(Duty(Office.TEAM_LEADER, "team-2"),))
CLERK = Person("kim", Role.SUPERVISOR, duties=(Duty(Office.HR_CLERK, "centre"),))
LOGIN = Person("old", Role.SUPERVISOR, units=("team-1",))
HERSELF = Person("ann", Role.SUPERVISOR, agent="ann", duties=(Duty(Office.TEAM_LEADER, "team-1"),))


class Switch:
    """As Asterisk answers. `before` is done just before an action is."""

    def __init__(self, *members: tuple[str, str]) -> None:
        self.members, self.static = set(members), set[tuple[str, str]]()
        self.actions: list[tuple[str, str]] = []
        self.now = us(10)
        self.margin_us = 2 * S
        self.translator = SimpleNamespace(pool_agents={})
        self.away: Exception | None = None
        self.takes_s = 0.0

    async def time(self) -> int:
        if isinstance(self.away, PbxError):
            raise self.away
        return self.now

    async def ask(self, action: str, **headers: str) -> Mapping[str, str]:
        self.actions.append((action, headers.get("Reason", "")))
        await asyncio.sleep(self.takes_s)
        if self.away:
            raise self.away
        if action == "AgentLogoff":
            return {"Response": "Success", "Message": "Agent logged off"}
        where = headers["Interface"], headers["Queue"]
        if where not in self.members:
            return {"Response": "Error", "Message": "Unable to remove interface: Not there"}
        if action == "QueueRemove":
            if where in self.static:
                return {"Response": "Error", "Message": "Member not dynamic"}
            self.members.discard(where)
        return {"Response": "Success", "Message": "so"}


class Floor:
    """Team-1 on a Monday, with ann in two queues of a switch."""

    def __init__(self, engine: AsyncEngine, folder: Path) -> None:
        self.centre = Centre(engine, folder, schedules=True)
        self.switch = Switch((ANN, "sales"), (ANN, "support"))
        self.current = Current(self.centre.site, self.centre.site)
        self.floors = Floors(self.centre.site, lambda: (), lambda: us(10))
        self.floors.resume("pbx", FloorState())
        self.says(added(at(8), seat=ANN), added(at(8), "sales", seat=ANN))
        self.board = self.another_board()

    def another_board(self) -> Switchboard:
        pbxs: Any = {"pbx": self.switch}
        return Switchboard(self.centre.engine, self.current, self.floors, pbxs, lambda: us(10))

    def says(self, *events: PbxEvent) -> None:
        self.floors.take("pbx", list(events))

    async def order(
        self, what: OrderKind, person: Person = LEADER, agent: str = "ann", act: str | None = None
    ) -> Ended:
        """Given, and carried out by the one who follows the switch."""
        asking = Asking(act or uuid4().hex, person, "desk-1", us(10))
        return await self.carried_out(asking, agent, what, [self.board])

    async def carried_out(self, asking: Asking, agent: str, what: OrderKind, boards: list[Switchboard]) -> Ended:
        given = order(self.centre.engine, self.centre.site, asking, agent, what, "a fire drill")
        try:
            async with asyncio.TaskGroup() as group:
                giving = group.create_task(given)
                while not giving.done():
                    await asyncio.gather(*(board.look() for board in boards))
                    await asyncio.sleep(0.01)
        except* (ActNotAllowedError, OrderError, RuntimeError) as raised:
            raise raised.exceptions[0] from None
        return giving.result()

    async def acts(self) -> list[tuple[str, str, str]]:
        """Who did what, and what it came to; the newest first."""
        async with self.centre.engine.connect() as connection:
            found = await connection.run_sync(lambda plain: list(noted(plain, None, "ann", 20)))
        return [(act.by, act.kind, act.after) for act in found]


@pytest.fixture
def floor(engine: AsyncEngine, tmp_path: Path) -> Floor:
    return Floor(engine, tmp_path)


async def test_an_order_is_written_down_asked_once_and_its_answer_too(floor: Floor) -> None:
    ended = await floor.order(OrderKind.PAUSE, act="a")
    assert (ended.outcome, [each.queue for each in ended.answers]) == (OrderOutcome.DONE, ["sales", "support"])
    assert floor.switch.actions == [("QueuePause", "supervisor")] * 2
    assert await floor.order(OrderKind.PAUSE, act="a") == ended
    with pytest.raises(OrderError, match="says something else"):
        await floor.order(OrderKind.UNPAUSE, act="a")
    assert len(floor.switch.actions) == 2
    (by, kind, after), asked = await floor.acts()
    assert (by, kind) == ("ccd", "pause answered")
    assert after.startswith('{"outcome":"done","answers":[["pbx","PJSIP/1001","sales","done","so"],')
    assert asked == ("lea", "pause", '{"unit":"team-1"}')
    assert (await floor.order(OrderKind.UNPAUSE, DEPUTY)).outcome is OrderOutcome.DONE
    assert (await floor.acts())[1][0] == "dee, for lea"


@pytest.mark.parametrize("person", [OTHERS, CLERK, HERSELF, Person("ann", Role.AGENT, "ann")], ids=lambda one: one.name)
async def test_who_does_not_lead_the_agent_and_the_agent_herself_may_not(floor: Floor, person: Person) -> None:
    with pytest.raises(ActNotAllowedError):
        await floor.order(OrderKind.SIGN_OUT, person)
    assert await floor.acts() == []
    assert floor.switch.actions == []


async def test_leaders_of_units_above_and_logins_of_the_unit_may(floor: Floor) -> None:
    for person in (MANAGER, LOGIN):
        assert (await floor.order(OrderKind.PAUSE, person)).outcome is OrderOutcome.DONE
    with pytest.raises(OrderError, match="is on no roster"):
        await floor.order(OrderKind.PAUSE, agent="nobody")


async def test_what_the_switch_refuses_or_does_not_say_is_told_as_that(floor: Floor) -> None:
    floor.switch.static.add((ANN, "sales"))
    partly = await floor.order(OrderKind.SIGN_OUT)
    assert partly.outcome is OrderOutcome.PARTLY
    assert [each.answered for each in partly.answers] == [Answered.STATIC, Answered.DONE]
    floor.switch.away = PbxLostError("pbx", "")
    assert (await floor.order(OrderKind.SIGN_OUT)).outcome is OrderOutcome.NOT_ASKED, "nobody could say when it was"
    unknown = await floor.order(OrderKind.PAUSE)
    assert [each.answered for each in unknown.answers] == [Answered.UNKNOWN, Answered.NOT_ASKED]
    floor.switch.away = NotAskedError("pbx")
    assert (await floor.order(OrderKind.PAUSE)).outcome is OrderOutcome.NOT_ASKED
    floor.switch.away = None
    asked = len(floor.switch.actions)
    floor.says(lost(at(9)))
    assert (await floor.order(OrderKind.PAUSE)).outcome is OrderOutcome.NOT_ASKED, "nobody knows in which queues she is"
    assert len(floor.switch.actions) == asked
    queues = (member(seat=ANN), member("sales", seat=ANN))
    floor.says(snapshot(at(9.5), *queues), removed(at(9.6), seat=ANN), removed(at(9.6), "sales", seat=ANN))
    assert (await floor.order(OrderKind.PAUSE)).outcome is OrderOutcome.NOT_THERE


async def test_an_order_that_nobody_takes_in_time_is_never_carried_out(floor: Floor) -> None:
    asking = Asking("late", LEADER, "desk-1", us(10))
    site = floor.centre.site
    site.settings = site.settings.model_copy(update={"orders": Orders(wait_s_max=0.05)})
    ended = await order(floor.centre.engine, site, asking, "ann", OrderKind.SIGN_OUT, "a fire drill")
    assert ended.outcome is OrderOutcome.NOT_ASKED
    await floor.board.look()
    assert floor.switch.actions == []


@pytest.mark.parametrize("what", [OrderKind.PAUSE, OrderKind.SIGN_OUT])
async def test_an_order_whose_giver_died_is_not_carried_out_once_its_time_is_over(
    floor: Floor, monkeypatch: pytest.MonkeyPatch, what: OrderKind
) -> None:
    """Not even where it was taken in time, and the database or a switch kept the board waiting."""

    async def slowly(engine: AsyncEngine, work: Callable[[Connection], bool], patience: Patience) -> bool:
        done = await take_turn_at_once(engine, work, patience)
        await asyncio.sleep(1.1)
        return done

    async def dies(*_: object) -> None:
        raise RuntimeError("as if it died here")

    monkeypatch.setattr("ccd.daemon.switches.carrying_out.take_turn_at_once", slowly)
    monkeypatch.setattr("ccd.daemon.services.ordering._what_came_of_it", dies)
    asking, site = Asking("late", LEADER, "desk-1", us(10)), floor.centre.site
    site.settings = site.settings.model_copy(update={"orders": Orders(wait_s_max=1.0)})
    with pytest.raises(RuntimeError):
        await order(floor.centre.engine, site, asking, "ann", what, "a fire drill")
    await floor.board.look()
    assert floor.switch.actions == []
    monkeypatch.undo()
    ended = await order(floor.centre.engine, site, asking, "ann", what, "a fire drill")
    assert ended.outcome is OrderOutcome.NOT_ASKED
    assert [each.said for each in ended.answers] == [LATE]
    assert await worked(floor, *out(0.5)) == {"excused": 0, "aux": HOUR - 1}  # and half a second


async def test_where_the_order_is_ended_elsewhere_in_the_moment_of_giving_up_its_end_is_told(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forestalled(engine: AsyncEngine, given: Order, now: int) -> bool:
        await floor.board.look()
        return await take_back(engine, given, now)

    monkeypatch.setattr("ccd.daemon.services.ordering.take_back", forestalled)
    asking, site = Asking("late", LEADER, "desk-1", us(10)), floor.centre.site
    site.settings = site.settings.model_copy(update={"orders": Orders(wait_s_max=0.05)})
    ended = await order(floor.centre.engine, site, asking, "ann", OrderKind.PAUSE, "a fire drill")
    assert ended.outcome is OrderOutcome.NOT_ASKED


async def worked(floor: Floor, *gone: PbxEvent) -> dict[str, int]:
    """Ann is planned from 8 to 16, leaves her queues as said, and is back at 11: what of Monday is excused, and aux."""
    back = (added(at(11), seat=ANN), removed(at(16), seat=ANN))
    begun = (added(at(8), seat=ANN), added(at(8), "sales", seat=ANN))
    await floor.centre.plans(shift("ann", 8, 16))
    await floor.centre.lives(*begun, *gone, *back)
    await floor.centre.close()
    duty = (await floor.centre.day("ann")).record.duty
    assert duty is not None
    return {"excused": duty.excused // S, "aux": duty.counted.aux // S}


def out(after_s: float) -> tuple[PbxEvent, PbxEvent]:
    return removed(at(10) + after_s, "sales", seat=ANN), removed(at(10) + after_s, seat=ANN)


async def test_a_sign_out_by_a_leader_is_excused_also_where_the_log_has_whole_seconds(floor: Floor) -> None:
    floor.switch.now = us(10) + 700_000
    await floor.order(OrderKind.SIGN_OUT)
    assert await worked(floor, *out(0)) == {"excused": HOUR, "aux": 0}
    [span] = expected_read((await floor.centre.day("ann")).expected).sent_off
    assert span.start == us(10) < span.end


async def test_a_line_of_the_day_is_explained_by_the_order_too_and_by_what_the_switch_answered(floor: Floor) -> None:
    await floor.order(OrderKind.SIGN_OUT)
    await floor.order(OrderKind.PAUSE, OTHERS, "ben")
    await worked(floor, *out(0.5))
    (line, *_) = (await agent_statement(floor.centre.bank.ledger, "ann")).lines
    number, leg = line.transfer.split(".")
    told = await explained(floor.centre.engine, floor.centre.site, Transfer(int(number), int(leg)))
    assert [(act.by, act.kind, act.subject, act.why) for act in told.acts] == [
        ("lea", "sign out", "ann", "a fire drill"), ("ccd", "sign out answered", "ann", "as the switch said"),
    ]  # fmt: skip


@pytest.mark.parametrize("back_at", [25, None], ids=["she is back at one", "she is not back"])
async def test_a_sign_out_by_a_leader_is_excused_in_the_rest_of_a_night_as_well(
    floor: Floor, back_at: float | None
) -> None:
    """The shift is from ten to six; at eleven the leader has ann signed out."""
    floor.switch.now = us(23)
    await floor.carried_out(Asking("a", LEADER, "desk-1", us(23)), "ann", OrderKind.SIGN_OUT, [floor.board])
    await floor.centre.plans(shift("ann", 22, 30))
    back = (added(at(back_at), seat=ANN), removed(at(30), seat=ANN)) if back_at else ()
    await floor.centre.lives(added(at(22), seat=ANN), removed(at(23) + 0.5, seat=ANN), *back)
    await floor.centre.close()
    duty = (await floor.centre.day("ann", TUESDAY)).record.duty
    assert duty is not None
    assert (duty.excused, duty.off_post) == (us(back_at or 30) - us(24), 0)
    for line in (await agent_statement(floor.centre.bank.ledger, "ann")).lines:
        number, leg = line.transfer.split(".")
        told = await explained(floor.centre.engine, floor.centre.site, Transfer(int(number), int(leg)))
        assert [act.kind for act in told.acts] == ["sign out", "sign out answered"], line.day
        assert told.day is not None
        assert told.day.doubts == ()


async def test_who_has_left_in_the_same_second_left_by_herself_and_so_does_who_leaves_later(floor: Floor) -> None:
    floor.switch.members.clear()
    assert (await floor.order(OrderKind.SIGN_OUT)).outcome is OrderOutcome.NOT_THERE
    assert await worked(floor, *out(0)) == {"excused": 0, "aux": HOUR}


async def test_a_pool_agent_on_a_call_is_signed_out_by_the_leader_when_that_is_over(floor: Floor) -> None:
    floor.says(connected(at(9.9), seat=ANN))
    floor.switch.static |= floor.switch.members
    floor.switch.translator.pool_agents[ANN] = "9"
    ended = await floor.order(OrderKind.SIGN_OUT)
    assert [(each.queue, each.answered) for each in ended.answers] == [("", Answered.DONE)]
    assert floor.switch.actions[-1][0] == "AgentLogoff"
    assert await worked(floor, *out(HOUR / 2)) == {"excused": HOUR // 2, "aux": 0}


async def test_a_sign_out_is_the_leaders_as_well_where_the_switch_takes_its_time(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccd.daemon.switches.carrying_out.ANSWER_S_MAX", 0.01)
    floor.switch.margin_us, floor.switch.takes_s = 0, 0.05
    await floor.order(OrderKind.SIGN_OUT)
    assert await worked(floor, *out(0.09)) == {"excused": HOUR - 1, "aux": 0}


async def test_a_pool_agent_who_gets_a_call_while_the_switch_is_asked_is_signed_out_by_the_leader(floor: Floor) -> None:
    floor.switch.static |= floor.switch.members
    floor.switch.translator.pool_agents[ANN] = "9"
    await floor.order(OrderKind.SIGN_OUT)
    assert await worked(floor, *out(HOUR / 2)) == {"excused": HOUR // 2, "aux": 0}


@pytest.mark.parametrize(("counts", "excused"), [(True, 0), (False, HOUR)])
async def test_who_was_left_in_another_queue_and_leaves_it_leaves_by_herself(
    floor: Floor, counts: bool, excused: int
) -> None:
    floor.switch.static.add((ANN, "sales"))
    if not counts:
        floor.centre.site.seat_rules = SeatRules(queues={"sales": QueueRule(0, counts=False)})
    assert (await floor.order(OrderKind.SIGN_OUT)).outcome is OrderOutcome.PARTLY
    assert await worked(floor, *out(0)) == {"excused": excused, "aux": HOUR - excused}


async def test_only_the_first_sign_out_is_the_leaders(floor: Floor) -> None:
    await floor.order(OrderKind.SIGN_OUT)
    again = (*out(0.2), added(at(10) + 1, seat=ANN), removed(at(10) + 2, seat=ANN))
    assert await worked(floor, *again) == {"excused": 0, "aux": HOUR - 2}


async def test_of_a_process_that_died_in_between_nobody_knows_and_the_agent_is_not_charged(floor: Floor) -> None:
    floor.switch.away = RuntimeError("as a crash does it")
    with pytest.raises(RuntimeError):
        await floor.order(OrderKind.SIGN_OUT, act="a")
    floor.switch.away = None
    asked = len(floor.switch.actions)
    floor.board = floor.another_board()
    await floor.board.look()
    ended = await floor.order(OrderKind.SIGN_OUT, act="a")
    assert (ended.outcome, len(floor.switch.actions)) == (OrderOutcome.UNKNOWN, asked)
    assert await worked(floor, *out(0.5)) == {"excused": HOUR - 1, "aux": 0}  # and half a second


async def test_a_day_that_was_measured_before_the_answer_was_written_is_measured_anew(floor: Floor) -> None:
    assert await worked(floor, *out(0)) == {"excused": 0, "aux": HOUR}
    await floor.order(OrderKind.SIGN_OUT)
    await floor.centre.close()
    duty = (await floor.centre.day("ann")).record.duty
    assert duty is not None
    assert duty.excused == HOUR * S


async def test_what_was_asked_and_answered_stays_as_it_was(floor: Floor) -> None:
    await floor.order(OrderKind.PAUSE)
    for table in ("orders", "order_takings", "order_ends"):
        for change in (f"UPDATE {table} SET number = 7", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match=r"append-only|never change"):
                async with floor.centre.engine.begin() as connection:
                    await connection.execute(text(change))


async def test_of_two_who_take_an_order_one_has_it(floor: Floor) -> None:
    asking = Asking("one", LEADER, "desk-1", us(10))
    ended = await floor.carried_out(asking, "ann", OrderKind.PAUSE, [floor.another_board() for _ in range(3)])
    assert len(floor.switch.actions) == 2
    assert ended.outcome in (OrderOutcome.DONE, OrderOutcome.UNKNOWN)
