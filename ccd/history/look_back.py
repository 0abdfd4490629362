"""How far back an agent's time line has to be read for a day to come out right.

An exempt reason's limit within one unbroken pause runs on across midnight (docs/time-bank.md 2.3), and a state shown
since yesterday began yesterday. So whoever is not signed out as the day begins is read back to an instant at which the
merged agent was neither paused nor in the state of that moment. Who is signed out in a shift that began the day before
is read back to its start: how they left decides whether they are excused. Most agents need nothing of either.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.floor.agents import Merged, SeatChange, merge, order_of
from ccd.floor.days import SECOND
from ccd.floor.expected import Expected
from ccd.floor.owners import changes_of
from ccd.floor.seats import State, View
from ccd.floor.segments import Segment
from ccd.history.reading import TimeLine, seat_lines
from ccd.history.whose import Holder, Measuring, SeatKey

HOUR = 3_600 * SECOND
WINDOW_FACTOR = 8  # each look goes so many times as far back as the one before: 1 h, 8 h, nearly 3 days, 3 weeks, …


async def looked_back(
    connection: AsyncConnection, agents: Mapping[str, Holder], measuring: Measuring, line: TimeLine, since: int
) -> TimeLine:
    """`line`, which was read from `since` on, with whatever has to be known of the time before."""
    whole = dict(line)
    wanting = _unbegun(agents, measuring, whole, since, since)
    window = HOUR
    while wanting:
        read_from = since - window
        earlier = await seat_lines(
            connection, {seat for each in wanting.values() for seat in each.seats}, read_from, since
        )
        whole |= earlier
        wanting = _unbegun(wanting, measuring, whole, read_from, since)
        if all(segment.start >= read_from for _, segment in earlier.values()):
            break  # that was the beginning of all that is stored
        window *= WINDOW_FACTOR
    return whole


async def shifts_looked_back(
    connection: AsyncConnection,
    agents: Mapping[str, Holder],
    measuring: Measuring,
    line: TimeLine,
    since: int,
    expected: Mapping[str, Expected],
) -> TimeLine:
    """`line`, which tells all that holds at `since`, with how those left who are out of a shift then."""
    seats, begun = by_seat(line.values()), dict[str, int]()
    for agent in agents.keys() & expected.keys():
        start = min((shift.start for shift in expected[agent].shifts), default=since)
        own = [each for seat in agents[agent].seats for each in seats.get(seat, ())] if start < since else []
        if own and not _merged(_changes(agent, own, measuring, since)).member:
            begun[agent] = start
    if not begun:
        return line
    left = {seat for agent in begun for seat in agents[agent].seats}
    return await seat_lines(connection, left, min(begun.values()), since) | line


def with_earlier_seats(
    agents: Mapping[str, Holder],
    measuring: Measuring,
    pbxs: Collection[str],
    since: int,
    expected: Mapping[str, Expected],
) -> dict[str, Holder]:
    """The agents, each of whom a shift began before `since` with all seats that the roster has for them: they may have
    left it on a telephone that was another's by then."""
    found = dict(agents)
    for agent in agents.keys() & expected.keys():
        if any(shift.start < since for shift in expected[agent].shifts):
            seats = {(pbx, interface) for pbx in pbxs for interface in measuring.interfaces_of(agent)}
            found[agent] = replace(found[agent], seats=found[agent].seats | seats)
    return found


def _merged(changes: Iterable[SeatChange]) -> Merged:
    views: dict[Hashable, View] = {}
    for change in changes:
        _tell(views, change)
    return merge(views)


def _tell(views: dict[Hashable, View], change: SeatChange) -> None:
    if change.view is None:
        views.pop(change.seat, None)
    else:
        views[change.seat] = change.view


def by_seat(line: Iterable[tuple[str, Segment]]) -> dict[SeatKey, list[tuple[str, Segment]]]:
    found: defaultdict[SeatKey, list[tuple[str, Segment]]] = defaultdict(list)
    for pbx, segment in line:
        found[pbx, segment.seat].append((pbx, segment))
    return found


def _unbegun(
    agents: Mapping[str, Holder], measuring: Measuring, line: TimeLine, read_from: int, since: int
) -> dict[str, Holder]:
    """The agents whose time line, read from `read_from` on, does not tell all that holds at `since`."""
    seats = by_seat(line.values())
    found = {}
    for agent, holder in agents.items():
        own = [each for seat in holder.seats for each in seats.get(seat, ())]
        paused_in = measuring.rules_of(holder.unit).seats.paused_in
        if not _begins(_changes(agent, own, measuring, since), read_from, paused_in):
            found[agent] = holder
    return found


def _begins(changes: list[SeatChange], read_from: int, paused_in: Literal["all", "any"]) -> bool:
    views: dict[Hashable, View] = {}
    seen: list[Merged] = []
    for position, change in enumerate(changes):
        _tell(views, change)
        # What began before the reading is known only as what it was when the reading begins.
        if position + 1 == len(changes) or changes[position + 1].at >= read_from:
            seen.append(merge(views))
    if not seen or seen[-1].state is State.SIGNED_OUT:
        return True
    last = (seen[-1].state, seen[-1].reason)
    return any(not each.is_paused(paused_in) and (each.state, each.reason) != last for each in seen)


def _changes(agent: str, own: Iterable[tuple[str, Segment]], measuring: Measuring, since: int) -> list[SeatChange]:
    """What the seats' segments before `since` are to the agent, whose they may have been only at times."""
    begun = [each for each in own if each[1].start < since]
    found = changes_of(begun, measuring.owner_of, measuring.roster_borders, since)
    return sorted((change for owner, change in found if owner.agent == agent and change.at < since), key=order_of)
