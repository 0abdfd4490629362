"""`ccd bank ruling`: what spans of agents' time count as, by people who have the right to say so."""

import json
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.appeal_rows import open_appeals
from ccd.bank.appeals import Appeal, appealed_in
from ccd.commands.bank.asking import Key, Why, asked_of_database, known_by, site_with
from ccd.commands.business_day import days_in_order, in_range
from ccd.commands.configuration import Config
from ccd.commands.output import As, Format
from ccd.daemon.services.ruling import About, made_between, reverse_ruling, rule
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.floor.days import SECOND, dates
from ccd.floor.spans import Span
from ccd.history.reading import reading
from ccd.history.waiting import WaitsForRuling, waits_for_a_ruling
from ccd.org.changes import moment
from ccd.org.rulings import COUNTS, Ruling
from ccd.reports.plain_table import PlainTable, clock

MOMENTS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]

ruling = typer.Typer(
    no_args_is_help=True, help="Rule on agents' time, beside what was measured; say what waits for it."
)

Moment = Annotated[datetime, typer.Argument(formats=MOMENTS, callback=in_range, help="By the clock of the unit.")]
First = Annotated[
    datetime, typer.Option("--from", formats=["%Y-%m-%d"], callback=in_range, help="The first business day.")
]
Last = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], callback=in_range, help="The last; else that one alone."),
]


@ruling.command()
def add(
    config: Config,
    start: Moment,
    end: Moment,
    counts: Annotated[str, typer.Argument(help=f"What it counts as: {', '.join(COUNTS)}.")],
    text: Why,
    agent: Annotated[str, typer.Option(help="Whose time it is.")] = "",
    unit: Annotated[str, typer.Option(help="Or that of all who were there, of this unit and those below it.")] = "",
    key: Key = None,
) -> None:
    """Rule on a span of an agent's time, or of a unit's. The days that it reaches are measured anew, by a running ccd
    within seconds, and the difference is posted."""
    if bool(agent) == bool(unit):
        raise typer.BadParameter("about whom? Give --agent or --unit")
    site = site_with(config, unit) if unit else site_of(config)
    about = About(agent or None, unit or None, Span(_at(site, agent, unit, start), _at(site, agent, unit, end)))
    made = asked_of_database(site, lambda engine: rule(engine, site, known_by(site, key), about, counts, text))
    print(_said(made, site))


@ruling.command()
def reverse(
    config: Config,
    name: Annotated[str, typer.Argument(help="The ruling, as `list` names it.")],
    text: Why,
    key: Key = None,
) -> None:
    """Reverse a ruling: it is as if it had never been made; both stay on record."""
    site = site_of(config)
    print(
        _said(
            asked_of_database(site, lambda engine: reverse_ruling(engine, site, known_by(site, key), name, text)), site
        )
    )


@ruling.command("list")
def list_(config: Config, first: First, last: Last = None, output: As = Format.table) -> None:
    """Say what was ruled of some days, in the order in which it was."""
    site = site_of(config)
    found = asked_of_database(site, lambda engine: made_between(engine, _span(site, first, last)))
    if output is Format.json:
        print(json.dumps({"rulings": [_as_json(one, site) for one in found]}, ensure_ascii=False))
        return
    table = PlainTable("ruling", "on", "from", "to", "counts", "reverses")
    for one in found:
        start, end = (clock(at, _zone(one, site)) for at in (one.start, one.end))
        table.add(one.ref, one.agent or one.unit or "", start, end, one.counts, one.reverses or "")
    table.print()


@ruling.command()
def waiting(
    config: Config,
    first: First,
    last: Last = None,
    unit: Annotated[str, typer.Option(help="One unit, and those below it; without it, all.")] = "",
    output: As = Format.table,
) -> None:
    """Say what waits for a ruling: what nobody saw, telephones that could not be reached, long other calls; appeals."""
    site = site_with(config, unit) if unit else site_of(config)
    asked = days_in_order(first, last)

    async def waits(engine: AsyncEngine) -> list[WaitsForRuling]:
        async with reading(engine) as connection:
            appeals = await connection.run_sync(lambda plain: open_appeals(plain, *asked))
            found = [_waits(one, site) for one in appeals]
            if unit:
                found = [one for one in found if unit in site.units.with_above(one.unit, one.day)]
            for day in dates(*asked):
                for each in sorted(site.units.with_below([unit], day) if unit else site.rostered_units):
                    found += await waits_for_a_ruling(connection, site.measuring, site.policies, each, day)
        return found

    found = asked_of_database(site, waits)
    if output is Format.json:
        said = [
            {
                "agent": one.agent, "unit": one.unit, "day": one.day.isoformat(), "what": one.what,
                "spans": [[span.start / SECOND, span.end / SECOND] for span in one.spans],
            }
            for one in found
        ]  # fmt: skip
        print(json.dumps({"waiting": said}, ensure_ascii=False))
        return
    table = PlainTable("day", "unit", "agent", "what", "seconds", "when")
    for one in found:
        zone = site.units.timezone(one.unit)
        when = ", ".join(f"{clock(span.start, zone)} to {clock(span.end, zone)}" for span in one.spans)
        seconds = sum(span.end - span.start for span in one.spans) // SECOND
        table.add(str(one.day), one.unit, one.agent, one.what, str(seconds), when)
    table.print()


def _waits(one: Appeal, site: Site) -> WaitsForRuling:
    return WaitsForRuling(one.day, appealed_in(one, site.agent_days), one.agent, f"appeal {one.ref}", ())


def _at(site: Site, agent: str, unit: str, written: datetime) -> int:
    clock = unit or site.agent_days.unit(agent, written.date()) or ""
    return site.units.instant(clock, written)


def _span(site: Site, first: datetime, last: datetime | None) -> Span:
    """The days by the clock of the site."""
    days, (begins, ends) = site.units.days(""), days_in_order(first, last)
    return Span(days.of_date(begins).start, days.of_date(ends).end)


def _zone(one: Ruling, site: Site) -> str:
    began = site.units.site_day(one.start)
    return site.units.timezone(one.unit) if one.unit else site.agent_days.timezone(one.agent or "", began)


def _moments(one: Ruling, site: Site) -> tuple[str, str]:
    zone = _zone(one, site)
    return moment(one.start, zone), moment(one.end, zone)


def _said(one: Ruling, site: Site) -> str:
    start, end = _moments(one, site)
    what = f"reverses {one.reverses}" if one.reverses else f"counts as {one.counts}"
    return f"{one.ref}: {one.agent or one.unit} from {start} to {end} {what}"


def _as_json(one: Ruling, site: Site) -> dict[str, object]:
    start, end = _moments(one, site)
    return {**one._asdict(), "start": start, "end": end}
