"""`ccd bank overtime`: emergencies, the strike team, call-outs, and time that is entered by hand."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import uuid4

import typer

from ccd.bank.call_out_rows import CallOut
from ccd.bank.overtime import Emergency, Paid
from ccd.bank.overtime_acts import Emergencies
from ccd.bank.overtime_entry_rows import OvertimeEntry
from ccd.bank.overtime_posting import OvertimeDay
from ccd.commands.bank.asking import Key, Unit, Why, site_with
from ccd.commands.business_day import in_range
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent, asked_of, asking, now_us
from ccd.commands.output import As, Format
from ccd.daemon.services.overtime import Overtime, emergencies_of
from ccd.daemon.services.overtime_reckoning import Reckoning
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.floor.days import SECOND
from ccd.ledger.books import Ledger
from ccd.ledger.model import SECONDS_MAX
from ccd.org.changes import moment
from ccd.reports.plain_table import PlainTable, clock

T = TypeVar("T")

MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
DAYS_SHOWN = 31

overtime = typer.Typer(no_args_is_help=True, help="Overtime in emergencies: it bears interest.")

Name = Annotated[str, typer.Argument(help="The emergency, as `list` names it.")]
EntryName = Annotated[str, typer.Argument(help="The entry, as `show` names it.")]


def moment_option(name: str, what: str) -> Any:
    return typer.Option(name, formats=MOMENTS, callback=in_range, help=f"{what}, as 2026-11-23T18:30, on its clock.")


@overtime.command("open")
def open_(
    config: Config,
    unit: Unit,
    level: Annotated[str, typer.Argument(help="One of the levels of the unit's policy, as II.")],
    text: Why,
    begins: Annotated[datetime | None, moment_option("--from", "When it began; without it, now")] = None,
    until: Annotated[datetime | None, moment_option("--until", "When it ends, sooner than by itself")] = None,
    key: Key = None,
) -> None:
    """Open an emergency in a unit and those below it. It ends by itself."""
    site = site_with(config, unit)
    start, end = (None if said is None else site.units.instant(unit, said) for said in (begins, until))
    name = key or uuid4().hex[:8]
    say(site, asked(site, lambda emergencies: emergencies.open(name, asking(site), unit, level, start, text, end)))


@overtime.command()
def prolong(
    config: Config,
    name: Name,
    until: Annotated[datetime, moment_option("--until", "When it ends then")],
    text: Why,
) -> None:
    """Let an emergency that runs end later."""
    site = site_of(config)
    one, _, _ = asked(site, lambda emergencies: emergencies.shown(name))
    end_at = site.units.instant(one.unit, until)
    say(site, asked(site, lambda emergencies: emergencies.prolong(name, asking(site), end_at, text)))


@overtime.command()
def end(config: Config, name: Name, text: Why) -> None:
    """End an emergency now; what was worked is posted once every switch has told of it."""
    site = site_of(config)
    say(site, asked(site, lambda emergencies: emergencies.end(name, asking(site), text)))


@overtime.command()
def call(
    config: Config,
    name: Name,
    text: Why,
    agents: Annotated[list[str] | None, typer.Argument(help="Whom; without any, the strike team.")] = None,
) -> None:
    """Call agents out."""
    site = site_of(config)
    calls = asked(site, lambda emergencies: emergencies.call(name, asking(site), agents or [], text))
    print(f"{name}: {len(calls)} called: {', '.join(one.agent for one in calls)}")


@overtime.command()
def answer(
    config: Config,
    name: Name,
    agent: Agent,
    comes: Annotated[bool, typer.Option("--comes/--declines", help="Declining is never scored.")],
    arrived: Annotated[datetime | None, moment_option("--arrived", "When the agent was there")] = None,
) -> None:
    """Write down what somebody who was called has answered, and when they arrived."""
    site = site_of(config)
    one, _, _ = asked(site, lambda emergencies: emergencies.shown(name))
    arrived_at = None if arrived is None else site.units.instant(one.unit, arrived)
    asked(site, lambda emergencies: emergencies.answer(name, asking(site), agent, comes, arrived_at))
    print(f"{name}: {agent} {'comes' if comes else 'declines'}")


@overtime.command()
def enter(
    config: Config,
    name: Name,
    agent: Agent,
    seconds: Annotated[int, typer.Option(min=0, max=SECONDS_MAX, help="That the agent worked in the emergency.")],
    text: Why,
    day: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The agent's business day; without it, that on which it began."),
    ] = None,
    key: Key = None,
) -> None:
    """Enter time that nobody measured; it is marked so, and where all that is entered for the agent's day comes to more
    than a limit a second person approves it."""
    site = site_of(config)
    one, _, _ = asked(site, lambda emergencies: emergencies.shown(name))
    began_on = site.units.days(one.unit).at(one.start).day
    met = next((own.day.day for own in site.agent_days.met(agent, one.start, one.end)), began_on)
    said = OvertimeEntry(key or uuid4().hex[:8], name, agent, day.date() if day else met, seconds, False, 0, "", text)
    say_entry(asked(site, lambda emergencies: emergencies.enter(said, asking(site))))


@overtime.command()
def approve(config: Config, entry: EntryName) -> None:
    """Approve what another has entered."""
    site = site_of(config)
    say_entry(asked(site, lambda emergencies: emergencies.approve(entry, asking(site))))


@overtime.command()
def decline(config: Config, entry: EntryName, text: Why) -> None:
    """Decline what another has entered, as long as it waits for a second person: it never counts then."""
    site = site_of(config)
    say_entry(asked(site, lambda emergencies: emergencies.decline(entry, asking(site), text)))


@overtime.command()
def join(config: Config, unit: Unit, agent: Agent) -> None:
    """Take an agent who wants it into the strike team of a unit."""
    on_team(config, unit, agent, joins=True)


@overtime.command()
def leave(config: Config, unit: Unit, agent: Agent) -> None:
    """Let an agent leave the strike team."""
    on_team(config, unit, agent, joins=False)


@overtime.command()
def team(config: Config, unit: Unit) -> None:
    """Who is on the strike team of a unit and of those below it."""
    site = site_with(config, unit)
    for agent in asked(site, lambda emergencies: emergencies.team(unit, now_us())):
        print(agent)


@overtime.command("list")
def list_(
    config: Config,
    days: Annotated[int, typer.Option(min=1, max=3_660, help="Of how many days, up to now.")] = DAYS_SHOWN,
    output: As = Format.table,
) -> None:
    """The emergencies of the last days."""
    site = site_of(config)
    now = now_us()
    found = asked(site, lambda emergencies: emergencies.all(now - days * 86_400 * SECOND, now + 86_400 * SECOND))
    if output is Format.json:
        print(json.dumps({"emergencies": [said_of_emergency(site, one) for one in found]}, ensure_ascii=False))
        return
    table = PlainTable("emergency", "unit", "level", "from", "until", "")
    for one in found:
        start, end = (clock(at, site.units.timezone(one.unit)) for at in (one.start, one.end))
        stands = "" if one.end <= max(one.start, now) else "runs" if one.start <= now else "to come"
        table.add(one.id, one.unit, one.level, start, end, stands)
    table.print()


@overtime.command()
def show(config: Config, name: Name, output: As = Format.table) -> None:
    """What an emergency comes to, up to where the switches were heard; who was called, and what was entered."""
    site = site_of(config)
    one, calls, entries = asked(site, lambda emergencies: emergencies.shown(name))

    async def reckoned(ledger: Ledger) -> tuple[list[OvertimeDay], list[str]]:
        days = (await Reckoning(ledger.engine, site, now_us).of(one, running=True)).days
        much = await Overtime(ledger, site, now_us).too_much(days)
        return list(days), [f"{agent}: {text}" for (agent, _), texts in much.items() for text in texts]

    days, warnings = asked_of(site.settings, reckoned)
    if output is Format.json:
        said = said_of_emergency(site, one) | {
            "agents": [said_of_day(day, one) for day in days],
            "calls": [said_of_call(site, one, each) for each in calls],
            "entries": [said_of_entry(each) for each in entries],
            "warnings": warnings,
        }
        print(json.dumps(said, ensure_ascii=False))
        return
    say(site, one)
    print_days(days, one)
    print_calls(site, one, calls)
    for each in entries:
        say_entry(each)
    for text in warnings:
        print(text)


def print_days(days: list[OvertimeDay], one: Emergency) -> None:
    table = PlainTable("agent", "day", "worked, s", "of it entered, s", "interest, s", "")
    for day in days:
        paid = day.paid.get(one, Paid(0, 0))
        note = day.kind if day.schedules else f"{day.unit} keeps no schedules: nothing is measured"
        table.add(
            day.agent, str(day.day), str(paid.principal_s), str(paid.entered_s), str(paid.interest_s), note
        )  # fmt: skip
    if days:
        table.print()


def print_calls(site: Site, one: Emergency, calls: list[CallOut]) -> None:
    zone = site.units.timezone(one.unit)
    table = PlainTable("called", "at", "answer", "signed in", "arrived")
    for each in calls:
        spoken = "" if each.comes is None else "comes" if each.comes else "declines"
        called, signed_in, arrived = (clock(at, zone) for at in (each.called_at, each.signed_in_at, each.arrived_at))
        table.add(each.agent, called, spoken, signed_in, arrived)
    if calls:
        table.print()


def on_team(config: Config, unit: str, agent: str, joins: bool) -> None:
    site = site_with(config, unit)
    members = asked(site, lambda emergencies: emergencies.on_team(unit, agent, joins, asking(site)))
    print(f"{unit}: {len(members)} on the strike team")


def said_of_emergency(site: Site, one: Emergency) -> dict[str, Any]:
    zone = site.units.timezone(one.unit)
    return {
        "emergency": one.id, "unit": one.unit, "level": one.level, "interest_ppm": one.interest_ppm,
        "from": moment(one.start, zone), "until": moment(one.end, zone),
    }  # fmt: skip


def said_of_day(day: OvertimeDay, one: Emergency) -> dict[str, Any]:
    paid = day.paid.get(one, Paid(0, 0))
    return {
        "agent": day.agent, "day": str(day.day), "kind": day.kind, "schedules": day.schedules,
        "principal": paid.principal_s, "entered": paid.entered_s, "interest": paid.interest_s,
    }  # fmt: skip


def said_of_call(site: Site, one: Emergency, each: CallOut) -> dict[str, Any]:
    zone = site.units.timezone(one.unit)
    moments = {
        name: None if at is None else moment(at, zone)
        for name, at in (
            ("called_at", each.called_at), ("answered_at", each.answered_at),
            ("signed_in_at", each.signed_in_at), ("arrived_at", each.arrived_at),
        )
    }  # fmt: skip
    return {"agent": each.agent, "comes": each.comes, **moments}


def said_of_entry(one: OvertimeEntry) -> dict[str, Any]:
    return {
        "entry": one.id, "agent": one.agent, "day": str(one.day), "seconds": one.seconds, "by": one.by,
        "approved_by": one.approved_by, "declined_by": one.declined_by, "declined_why": one.declined_why,
        "counts": one.counts, "why": one.why,
        **({"entered_already": one.already_s, "limit": one.limit_s} if one.waits else {}),
    }  # fmt: skip


def asked(site: Site, ask: Callable[[Emergencies], Awaitable[T]]) -> T:
    return asked_of(site.settings, lambda ledger: ask(emergencies_of(ledger, site)))


def say(site: Site, one: Emergency) -> None:
    said = said_of_emergency(site, one)
    print(f"{one.id}: level {one.level} in {one.unit}, from {said['from']} until {said['until']}")


def say_entry(one: OvertimeEntry) -> None:
    print(f"{one.id}: {one.seconds} s of {one.agent} on {one.day}, entered by {one.by}{state_of(one)}")


def state_of(one: OvertimeEntry) -> str:
    if one.declined_by is not None:
        return f", declined by {one.declined_by}: {one.declined_why}"
    if one.waits:
        found = f"; it waits for a second person: ccd bank overtime approve {one.id}, or decline"
        return f"{found} ({one.already_s} s count already in other emergencies of the day, {one.limit_s} s need none)"
    return f", approved by {one.approved_by}" if one.approved_by else ""
