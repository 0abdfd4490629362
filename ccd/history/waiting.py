"""What waits for a ruling (docs/time-bank.md 2.3): what nobody saw, telephones that could not be reached, and calls
that were no queue's, each from a length on, inside of shifts where there are any, and as far as nobody has ruled on
it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from ccd.bank.policy import Policies
from ccd.floor.days import SECOND
from ccd.floor.seats import State
from ccd.floor.spans import Span, less, spans_within
from ccd.history.day_rows import StoredDay, latest_days
from ccd.history.reading import stored_sources
from ccd.history.reckoned_against import expected_read
from ccd.history.seen_days import SeenDay, seen_days
from ccd.history.whose import Measuring
from ccd.org.ruling_rows import rulings_that_hold
from ccd.org.rulings import Ruling

WAITING: Final = {
    State.UNOBSERVED: "unobserved",
    State.UNREACHABLE: "unreachable",
    State.OTHER_CALL: "other_call",
}


class WaitsForRuling(NamedTuple):
    """Of an agent's day, in the order of time, µs."""

    day: date
    unit: str
    agent: str
    what: str
    spans: tuple[Span, ...]


async def waits_for_a_ruling(
    connection: AsyncConnection, measuring: Measuring, policies: Policies, unit: str, day: date
) -> list[WaitsForRuling]:
    """Of a unit's day that was measured, in the order of the agents' names."""
    stored = await latest_days(connection, day, unit=unit)
    least = policies.policy_at(unit, day).rulings.waits_min_s * SECOND
    named = {agent for agent, one in stored.items() if _longest(one) >= max(1, least)}
    if not named:
        return []
    sources = await stored_sources(connection)
    seen = (await seen_days(connection, measuring, sources, {(unit, day): named}))[unit, day]
    own = measuring.rules_of(unit).days.of_date(day)
    rulings = await connection.run_sync(lambda plain: rulings_that_hold(plain, measuring.reaches_back(own), own.end))
    above = measuring.with_above(unit, day)
    found = []
    for agent in sorted(seen):
        ruled = [one for one in rulings if one.agent == agent or one.unit in above]
        for what, spans in _unsettled(seen[agent], stored[agent], ruled, max(1, least)).items():
            found.append(WaitsForRuling(day, unit, agent, what, tuple(spans)))
    return found


def _longest(one: StoredDay) -> int:
    return max(one.record.unobserved, one.record.unreachable, one.record.other_call)


def _unsettled(seen: SeenDay, stored: StoredDay, ruled: Iterable[Ruling], least: int) -> Mapping[str, Sequence[Span]]:
    """By what it is. A span is as long as it was, however many rulings it has been cut by since."""
    expected = expected_read(stored.expected) if stored.expected else None
    whole = [Span(seen.line.spans[0].start, seen.line.spans[-1].end)] if seen.line.spans else []
    shifts = expected.shifts if expected and expected.schedules else whole
    found: dict[str, list[Span]] = defaultdict(list)
    for start, end, what in _runs(seen):
        if end - start >= least:
            for inside in spans_within(shifts, Span(start, end)):
                found[what] += less([inside], ruled)
    return {what: spans for what, spans in found.items() if spans}


def _runs(seen: SeenDay) -> Iterator[tuple[int, int, str]]:
    """Whole, though another thing may have changed meanwhile."""
    begun, until, before = 0, 0, State.SIGNED_OUT
    for start, end, state, _ in (*seen.line.spans, (0, 0, State.SIGNED_OUT, None)):
        if state is before and start == until:
            until = end
            continue
        if before in WAITING:
            yield begun, until, WAITING[before]
        begun, until, before = start, end, state
