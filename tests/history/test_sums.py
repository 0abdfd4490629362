"""Sums of day records over a time, by agent and unit, are those of the newest revision of each day."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.history.day_rows import COUNTED, COUNTS
from ccd.history.reading import reading
from ccd.history.schema import day_records
from ccd.history.sums import SUMMED, sums_of_agents
from ccd.sql.turns import Patience, take_turn

FIRST = date(2026, 11, 20)
STATES = ("available", "ringing", "on_call", "wrap_up", "paused", "unreachable")
AS_MEASURED = ("", '{"entitlement":[null,600]}', '{"share_ppm":500000}')  # what an agent is entitled to is no ruling
COUNTED_ELSE = ('{"shifts":[],"absences":[],"sign_outs_count":true}', '{"ruled":[[1,2,"aux","r"]],"share_ppm":500000}')

Row = dict[str, Any]


async def test_they_are_a_naive_fold_of_the_newest_revisions(engine: AsyncEngine) -> None:
    chance = Random(3)
    rows = [
        record(chance, agent, FIRST + timedelta(days=day), revision)
        for agent in ("1001", "1002", "1003")
        for day in range(8)
        for revision in range(1, chance.randint(1, 3) + 1)
    ]
    await take_turn(engine, lambda connection: connection.execute(day_records.insert(), rows), Patience())
    starts = {row["first_sign_in_at"] for row in rows[::3]} - {None}
    for first, last, units, came in (
        (0, 7, None, ()),
        (2, 5, None, starts),
        (3, 3, ("team-1",), starts),
        (9, 12, None, ()),
    ):
        begins, ends = (FIRST + timedelta(days=number) for number in (first, last))
        async with reading(engine) as connection:
            found = await sums_of_agents(connection, begins, ends, units, came)
        assert found == naive(rows, begins, ends, units, came)


def record(chance: Random, agent: str, day: date, revision: int) -> Row:
    stayed_away = chance.random() < 0.2
    states = {name: 0 if stayed_away else chance.randint(0, 10**10) for name in STATES}
    first = chance.choice((None, chance.randint(1, 10**12)))
    aux, other_call = chance.randint(0, states["paused"]), chance.randint(0, states["on_call"])
    times = {
        **states, "signed_in": sum(states.values()), "other_call": other_call, "aux": aux,
        "exempt": states["paused"] - aux, "partly_paused": 0,
        "unobserved": 0 if stayed_away else chance.randint(0, 10**10),
    }  # fmt: skip
    return {
        "agent": agent, "day": day, "revision": revision, "unit": chance.choice(("team-1", "team-2")),
        "policy_from": FIRST, "policy_of": "", "reasons_from": FIRST, "reasons": "{}", "sources": "{}", "made_at": 1,
        "format": 2, "digest": bytes(32), **{f"{name}_us": time for name, time in times.items()},
        **{name: chance.randint(0, 50) for name in COUNTS},
        "scheduled_us": chance.choice((0, chance.randint(1, 10**10))),
        "expected": chance.choice((*AS_MEASURED, *COUNTED_ELSE)),
        **{f"counted_{name}_us": chance.randint(0, 10**10) for name in COUNTED},
        "first_sign_in_at": first, "last_sign_out_at": None if first is None else first + chance.randint(0, 10**11),
    }  # fmt: skip


def naive(
    rows: list[Row], first: date, last: date, units: tuple[str, ...] | None, starts: Collection[int]
) -> list[Row]:
    newest = {(row["agent"], row["day"]): row for row in rows}  # in the order of their revisions
    found: dict[tuple[str, str], Row] = defaultdict(lambda: defaultdict(int))
    for row in newest.values():
        if not first <= row["day"] <= last or (units and row["unit"] not in units):
            continue
        sums = found[row["unit"], row["agent"]]
        sums["days"] += row["signed_in_us"] + row["unobserved_us"] > 0
        for name in SUMMED:
            sums[name] += row[f"{name}_us"]
        for name in COUNTS:
            sums[name] += row[name]
        what = "counted_" if row["expected"] in COUNTED_ELSE else ""
        sums["aux"] += row[f"{what}aux_us"]
        sums["base"] += max(0, row[f"{what}signed_in_us"] - row[f"{what}exempt_us"] - row[f"{what}unreachable_us"])
        span = (row["last_sign_out_at"] or 0) - (row["first_sign_in_at"] or 0)
        if row["first_sign_in_at"] in starts:
            span = row["signed_in_us"] + row["unobserved_us"]
        sums["due"] += row["scheduled_us"] or span
    return [{"agent": agent, "unit": unit, **sums} for (unit, agent), sums in sorted(found.items())]
