"""`ccd policy`: an allowance out of what has been; accounts as other policies would have left them; publication."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from functools import reduce
from operator import add
from pathlib import Path
from typing import Annotated

import typer

from ccd.bank.lab import AGENTS_MIN, PROPOSED, Habit, ProposedRate, Tried, proposed_rate
from ccd.commands.business_day import First, Last, days_in_order
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asked_of, bar_of, now_us
from ccd.commands.output import As, Format
from ccd.commands.policy_published import VERBS
from ccd.commands.replay import replayed, source_of
from ccd.daemon.judged_by.trying import trial_of, try_policies
from ccd.daemon.served.reporting import parts_of
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.daemon.stores import database
from ccd.errors import UnknownUnitError
from ccd.floor.days import dates
from ccd.floor.records import DayRecord
from ccd.history.reading import reading
from ccd.history.sums import sums_of_agents
from ccd.ledger.books import Ledger
from ccd.ledger.model import month_of
from ccd.reports.periods import Each, Period, periods
from ccd.reports.plain_table import PlainTable

policy = typer.Typer(
    no_args_is_help=True, help="Propose an allowance, try other policies on what has been, publish them, agree to them."
)
for name, verb in VERBS:
    policy.command(name)(verb)

UnitAsked = Annotated[str | None, typer.Option("--unit", help="One unit alone, with those below it.")]


@policy.command()
def propose(
    config: Config,
    first: First,
    last: Last,
    unit: UnitAsked = None,
    queue_log: Annotated[
        list[Path] | None,
        typer.Option(help="A queue_log of these days, rotated ones too, in place of what was measured."),
    ] = None,
    pbx: Annotated[str | None, typer.Option(help="Whose log it is, where several PBXs are configured.")] = None,
    output: As = Format.table,
) -> None:
    """Propose an allowance out of a time before agents knew of the bank: afterwards it would only be tightened again
    and again by those who save. Of a time before ccd was there the switch's own queue_log tells."""
    site, span = _asked(config, first, last, unit)
    if queue_log:
        habits = _habits_in(replayed(site, [], queue_log, None, source_of(site, pbx)), site, span, unit)
    else:
        habits = asyncio.run(_habits(site, span, unit))
    made = proposed_rate(habits)
    if output is Format.json:
        percentiles = {f"p{percent}": ppm for percent, ppm in made.percentiles.items()}
        print(json.dumps({"from": str(span.first), "to": str(span.last), **made._asdict(), "percentiles": percentiles}))
    else:
        _say(made, span)


@policy.command("try")
def try_(
    config: Config,
    other: Annotated[
        Path, typer.Argument(metavar="FILE", help="A copy of the configuration, with other policies or reasons in it.")
    ],
    first: First,
    last: Last,
    unit: UnitAsked = None,
    output: As = Format.table,
) -> None:
    """Say what every account would have been, had other policies and reasons held. Days are measured again from the
    segments of seats; nothing is written."""
    site, span = _asked(config, first, last, unit)
    trial = trial_of(site, site_of(other))
    days = [(day, each) for day in dates(*span) for each in _units_on(trial, unit, day)]

    async def live(ledger: Ledger) -> list[Tried]:
        with bar_of("unit-days") as show:
            done = iter(range(1, len(days) + 1))
            return await try_policies(ledger, trial, days, now_us, lambda: show(next(done), len(days)))

    found = asked_of(site.settings, live)
    if output is Format.json:
        rows = [{"agent": one.agent, "now": one.now._asdict(), "then": one.then._asdict(),
                 "uncovered_s": one.uncovered_s} for one in found]  # fmt: skip
        print(json.dumps({"from": str(span.first), "to": str(span.last), "accounts": rows}))
    else:
        _show(found)


def _asked(config: Path, first: datetime, last: datetime, unit: str | None) -> tuple[Site, Period]:
    site = site_of(config)
    days = days_in_order(first, last)
    if unit is not None and unit not in site.all_units:
        raise UnknownUnitError(unit, site.all_units)
    return site, Period(*days)


def _units_on(site: Site, unit: str | None, day: date) -> list[str]:
    return sorted(site.rostered_units if unit is None else site.units.with_below([unit], day))


async def _habits(site: Site, span: Period, unit: str | None) -> list[Habit]:
    """A month of an agent is one, in however many units it was."""
    found = []
    async with database(site.settings) as engine, reading(engine) as connection:
        for month in periods(*span, Each.MONTH):
            used = defaultdict[str, Counter[str]](Counter)
            for part in parts_of(site, month):
                units = None if unit is None else site.units.with_below([unit], part.first)
                for row in await sums_of_agents(connection, *part, units):
                    used[row["agent"]] += Counter(aux=row["aux"], base=row["base"])
            found += [Habit(agent, each["aux"], each["base"]) for agent, each in used.items()]
    return found


def _habits_in(records: Iterable[DayRecord], site: Site, span: Period, unit: str | None) -> list[Habit]:
    """The same of days that were measured from files. Nothing is known of shifts there."""
    months: dict[tuple[str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for record in records:
        within = unit is None or record.unit in site.units.with_below([unit], record.day)
        if span.first <= record.day <= span.last and within:
            month = (record.agent, month_of(record.day))
            aux, base = months[month]
            worked = max(0, record.signed_in - record.exempt - record.unreachable)
            months[month] = aux + record.aux, base + worked
    return [Habit(agent, *used) for (agent, _), used in sorted(months.items())]


def _say(made: ProposedRate, span: Period) -> None:
    print(f"rate_ppm = {made.rate_ppm}    # {made.rate_ppm / 10_000:g} % of the base")
    print(
        f"Three of four agent-months from {span.first} to {span.last} ({made.agent_months}, of {made.agents} agents)"
        f" stayed within {_percent(made.percentiles[PROPOSED])}; rounded to a tenth of a per cent. So most agents save"
        " by going on as they do, and who pauses longest has something to gain."
    )
    print(
        f"aux / (signed in - exempt - unreachable) of an agent in a month; at least {AGENTS_MIN} agents are asked for:"
    )
    for percent, ppm in made.percentiles.items():
        print(f"  {percent} of 100 stay within {_percent(ppm)}")


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.2f} %"


def _show(found: list[Tried]) -> None:
    table = PlainTable(
        "agent", "saved, s", "charged, s", "leave made, s", "balance, s", "leave owed, s", "not covered, s"
    )
    for one in found:
        table.add(one.agent, *_cells(one))
    if found:
        everybody = Tried(
            "all",
            reduce(lambda sums, one: one.plus(sums), (one.now for one in found)),
            reduce(lambda sums, one: one.plus(sums), (one.then for one in found)),
            reduce(add, (one.uncovered_s for one in found)),
        )
        table.sum_up(everybody.agent, *_cells(everybody))
    table.print()
    better = sum(one.then.net_s > one.now.net_s for one in found)
    worse = sum(one.then.net_s < one.now.net_s for one in found)
    print(f"as it is -> as it would be; {better} agents would have more, {worse} less (balance less leave owed)")


def _cells(one: Tried) -> list[str]:
    pairs = zip(one.now, one.then, strict=True)
    return [f"{now}" if now == then else f"{now} -> {then}" for now, then in pairs] + [str(one.uncovered_s)]
