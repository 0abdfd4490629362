"""`ccd bank withdraw`: days off out of the balance, from the quota to the day that has come and gone."""

import json
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from itertools import starmap
from typing import Annotated, TypeVar
from uuid import uuid4
from zoneinfo import ZoneInfo

import typer

from ccd.bank.allocation import Free, allocation_spelled
from ccd.bank.days_off_calendar import DAYS_MAX, DayOutlook, days_off_outlook
from ccd.bank.quota import ANY, PLACES_MAX, TEMPLATES, Quota
from ccd.bank.said import Said
from ccd.bank.unit_acts import say_load, say_quota
from ccd.bank.withdrawal import Application, ApplicationState, PartOfDay, unit_by_now
from ccd.bank.withdrawing import Withdrawals
from ccd.commands.bank.asking import HOUR_S, Unit, Why, in_one_turn, site_with, today_in
from ccd.commands.business_day import Day, check_year, in_range
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import Agent, asked_of, asking
from ccd.commands.output import As, Format
from ccd.daemon.services.withdrawals import allocations_of, close_days_off, suggested, withdrawals_of
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_of
from ccd.errors import WithdrawalError
from ccd.floor.days import SECOND, dates
from ccd.ledger.model import SECONDS_MAX
from ccd.org.changes import moment
from ccd.org.rights import may_set_quota
from ccd.reports.plain_table import PlainTable, clock

T = TypeVar("T")

withdraw = typer.Typer(no_args_is_help=True, help="Days off out of the balance.")

Name = Annotated[str, typer.Argument(help="The application, as `list` names it.")]


def on_of(said: str) -> date | int:
    """A day, or the number of a day of the week; statutory holidays are the eighth."""
    if said.lower() in TEMPLATES:
        return TEMPLATES.index(said.lower())
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise typer.BadParameter(f"{said!r}; allowed: a day, as 2026-12-10, or {', '.join(TEMPLATES)}") from None
    return check_year(day)


@withdraw.command()
def quota(
    config: Config,
    unit: Unit,
    on: Annotated[str, typer.Argument(help="A day, as 2026-12-10; or a day of the week, as monday; or holiday.")],
    agents: Annotated[int, typer.Argument(min=0, max=PLACES_MAX, help="How many may be off by it.")],
    hours: Annotated[
        float | None, typer.Option(min=0, max=SECONDS_MAX / HOUR_S, help="For how many hours, all of them together.")
    ] = None,
    load: Annotated[str, typer.Option(help="On days of this load alone, as `load` has named them.")] = ANY,
) -> None:
    """Say how many agents of a unit may take a day off; of a day of the week, and of statutory holidays, from today on.
    Nobody who holds a place loses it."""
    site, template = site_with(config, unit), on_of(on)
    who = asking(site)
    duty = may_set_quota(who.person, site.units.with_above(unit, today_in(site, unit)))
    seconds = None if hours is None else round(hours * HOUR_S)
    said = Quota(unit, template, today_in(site, unit), agents, seconds, load)
    in_one_turn(site, lambda connection: say_quota(connection, said, who.under(duty)))
    print(f"{agents} of {unit} may be off on {on}{'' if hours is None else f', for {hours:g} h together'}")


@withdraw.command()
def load(
    config: Config,
    unit: Unit,
    day: Day,
    load: Annotated[str, typer.Argument(help="What it is called, as rush; '' is a day like any other.")],
) -> None:
    """Say which load a day of a unit, and of those below it, will have: quotas can be for such days alone."""
    site = site_with(config, unit)
    who = asking(site)
    duty = may_set_quota(who.person, site.units.with_above(unit, day.date()))
    in_one_turn(site, lambda connection: say_load(connection, unit, day.date(), load, who.under(duty)))
    print(f"{day.date()} is a day of load {load!r} in {unit}")


@withdraw.command()
def suggest(config: Config, unit: Unit, day: Day) -> None:
    """Say how many could be off on a day, by how busy the last four days of its weekday were."""
    site = site_with(config, unit)
    could, found = asked_of(site.settings, lambda ledger: suggested(ledger, site, unit, day.date()))
    share = site.policies.policy_at(unit, day.date()).days_off.spare_ppm / 10_000
    for one in found:
        waited = 100 * one.available_s / one.signed_in_s if one.signed_in_s else 0
        print(f"{one.day}: {one.agents} agents, {waited:.1f} % of their time signed in they waited for a call")
    print(f"{could} of {unit} could be off on {day.date()}: {share:g} % of that time, on the busiest of these days")


@withdraw.command()
def calendar(
    config: Config,
    unit: Unit,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], callback=in_range, help="The first day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], callback=in_range, help="The last day.")],
    output: As = Format.table,
) -> None:
    """The places of a unit's days, with those above it: what is left of them, and who waits; at most 92 days."""
    site = site_with(config, unit)
    span = first.date(), last.date()
    if not 0 <= (span[1] - span[0]).days < DAYS_MAX:
        raise typer.BadParameter(
            f"--to {span[1]} is none of the {DAYS_MAX} days from --from {span[0]} on; name one of them"
        )
    days = asked_of(
        site.settings, lambda ledger: days_off_outlook(ledger, withdrawals_of(ledger, site).holds, unit, *span)
    )
    if output is Format.json:
        print(json.dumps({"unit": unit, "days": [told_of(one) for one in days]}, ensure_ascii=False))
        return
    table = PlainTable("day", "quotas", "places left", "hours left", "waiting", "allocated")
    for one in days:
        quotas = ", ".join(f"{each}: {of.agents}" for each, of in one.places.items())
        hours = "" if one.left is None or one.left.seconds is None else f"{one.left.seconds / HOUR_S:g}"
        left = str(one.left.agents) if one.left else "nobody has said how many"
        when = clock(one.deadline, site.units.timezone(unit))
        table.add(f"{one.day} {one.day:%a}", quotas, left, hours, str(one.waiting), when)
    table.print()


def told_of(one: DayOutlook) -> dict[str, object]:
    places = {unit: of._asdict() for unit, of in one.places.items()}
    left = one.left._asdict() if one.left else None
    return {"day": str(one.day), "places": places, "left": left, "waiting": one.waiting, "deadline": one.deadline}


@withdraw.command()
def apply(
    config: Config,
    agent: Agent,
    day: Day,
    seconds: Annotated[
        int | None, typer.Option(min=1, max=SECONDS_MAX, help="A part of the day; without it, the whole.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", help="When the part begins, as 14:00, or with a date where the shift is in the next day."
        ),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="When it ends, as 17:30; before --from: on the day after.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], callback=in_range, help="The last of several whole days.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="What it is known by for ever; the same again changes nothing.")
    ] = None,
) -> None:
    """Apply for a day off, for several, or for a part of one: its seconds and a place are held together, or it waits
    for a place. Of several days all are had, or none."""
    name = key or uuid4().hex[:12]
    site, first = site_of(config), day.date()
    said = said_of_agent(site, agent, first)
    if until is not None:
        if (seconds, start, end) != (None, None, None):
            raise typer.BadParameter("--until is for whole days, without --seconds, --from and --to")
        days = list(dates(first, until.date()))
        for one in asked(site, lambda withdrawals: withdrawals.apply_for_run(name, agent, days, said)):
            say(one)
        return
    part = part_of(site, agent, first, seconds, start, end)
    say(asked(site, lambda withdrawals: withdrawals.apply(name, agent, first, part, said)))


def part_of(site: Site, agent: str, day: date, seconds: int | None, start: str | None, end: str | None) -> PartOfDay:
    if (start is None) != (end is None) or (seconds is not None and start is not None):
        raise typer.BadParameter("a part of a day is --seconds, or --from with --to")
    if start is None or end is None:
        return PartOfDay(seconds)
    unit = site.agent_days.unit(agent, day) or ""
    starts_s, zone = site.units.days(unit).of_date(day).start / SECOND, ZoneInfo(site.units.timezone(unit))
    before = datetime.fromtimestamp(starts_s, zone).replace(tzinfo=None) - timedelta(seconds=1)  # the start is of it
    try:
        begins = moment_after(start, before)
        ends = moment_after(end, begins)
    except (ValueError, OverflowError):  # a date that is none, or after the last of all
        found = f"{start!r} to {end!r}; allowed: times of the day, as 14:00, or with their date, as {day}T14:00"
        raise typer.BadParameter(found) from None
    return PartOfDay(None, site.units.instant(unit, begins), site.units.instant(unit, ends))


def moment_after(written: str, since: datetime) -> datetime:
    """As it is written; of a time alone, the first after another. ValueError where it is neither, or has an offset."""
    try:
        at = datetime.combine(since, time.fromisoformat(written))
    except ValueError:
        at = datetime.fromisoformat(written)
    else:
        if at.tzinfo is None and at <= since:
            at += timedelta(days=1)
    if at.tzinfo:  # the clock is the unit's
        raise ValueError(written)
    return at


@withdraw.command()
def allocation(config: Config, unit: Unit, day: Day, output: As = Format.table) -> None:
    """Publish how the places of a day were allocated: the order, with all that it follows from, and who has one. `unit`
    is the topmost that has a quota."""
    site = site_with(config, unit)
    made = asked_of(site.settings, lambda ledger: allocations_of(ledger, site).published(unit, day.date()))
    if made is None:
        raise WithdrawalError(unit, f"has not allocated {day.date()}; `ccd bank withdraw calendar` says when it will")
    if output is Format.json:
        print(json.dumps(allocation_spelled(made), ensure_ascii=False))
        return
    won = {one.application for one in made.winners}
    table = PlainTable(
        "application", "agent", "days in 90", "of full time", "there since", "applied at", "seconds", "draws on", "run",
        "",
    )  # fmt: skip
    for one in (*made.order, *made.besides):
        applied_at = moment(one.applied_at, site.units.timezone(unit))
        share = f"{one.contract_ppm / 10_000:g} %"
        place = "has a place" if one.application in won else "has none"
        if one.day:
            place = f"of {one.day}"
        table.add(
            one.application, one.agent, str(one.granted_days), share, str(one.joined_on), applied_at, str(one.seconds),
            ", ".join(one.line), one.run, place,
        )  # fmt: skip
    table.print()
    for each, free in {day.date(): made.free, **made.later}.items():
        print(f"places of {each} then: {', '.join(starmap(free_of, free.items()))}")
    print("Order: days granted by share of full time, then there since, then applied at")


def free_of(unit: str, free: Free) -> str:
    return f"{unit}: {free.agents}" + ("" if free.seconds is None else f" for {free.seconds} s")


@withdraw.command()
def approve(config: Config, name: Name) -> None:
    """Approve what is covered and has a place."""
    site = site_of(config)
    said = said_of_application(site, name)
    say(asked(site, lambda withdrawals: withdrawals.approve(name, said)))


@withdraw.command()
def refuse(config: Config, name: Name, text: Why) -> None:
    """Refuse an application: what it holds goes back."""
    end(config, name, ApplicationState.REFUSED, text)


@withdraw.command()
def cancel(config: Config, name: Name) -> None:
    """Cancel an application, as its agent may until the policy's deadline."""
    end(config, name, ApplicationState.CANCELLED, "")


@withdraw.command()
def take_back(config: Config, name: Name, text: Why) -> None:
    """Withdraw what was approved, as the unit may: what it holds goes back."""
    end(config, name, ApplicationState.WITHDRAWN, text)


@withdraw.command()
def close(config: Config, day: Day) -> None:
    """Spend what was approved for a day that has come and gone, but for what was worked all the same."""
    site = site_of(config)
    ended = asked_of(site.settings, lambda ledger: close_days_off(ledger, site, day.date(), said_now(site, "")))
    for application in ended:
        say(application)
    if not ended:
        print(f"nothing of {day.date()} was left to spend")


@withdraw.command("list")
def list_(config: Config, day: Day, output: As = Format.table) -> None:
    """All applications for a day, in the order in which they were made."""
    site = site_of(config)
    found = asked(site, lambda withdrawals: withdrawals.calendar(day.date(), day.date()))
    if output is Format.json:
        kept = [{**one._asdict(), "day": one.day.isoformat(), "hold": one.hold is not None} for one in found]
        print(json.dumps({"applications": kept}, ensure_ascii=False))
        return
    table = PlainTable("application", "agent", "unit", "seconds", "state", "planned besides, s")
    for one in found:
        table.add(one.id, one.agent, one.unit, str(one.seconds), one.state, str(one.missing_s or ""))
    table.print()


def end(config: Config, name: str, state: ApplicationState, text: str) -> None:
    site = site_of(config)
    said = said_of_application(site, name, text)
    say(asked(site, lambda withdrawals: withdrawals.end(name, state, said)))


def said_of_agent(site: Site, agent: str, day: date) -> Said:
    return said_now(site, site.agent_days.unit(agent, day) or "")


def said_of_application(site: Site, name: str, why: str = "") -> Said:
    """Today is by the clock of the unit in which it is decided on."""
    one = asked(site, lambda withdrawals: withdrawals.with_id(name))
    return said_now(site, unit_by_now(one, site.agent_days) if one else "", why)


def said_now(site: Site, unit: str, why: str = "") -> Said:
    who = asking(site)
    return Said(who.by, today_in(site, unit), who.at, why, who)


def asked(site: Site, ask: Callable[[Withdrawals], Awaitable[T]]) -> T:
    return asked_of(site.settings, lambda ledger: ask(withdrawals_of(ledger, site)))


def say(one: Application) -> None:
    missing = f"; {one.missing_s} s more are planned, and could not be held" if one.missing_s else ""
    print(f"{one.id}: {one.seconds} s of {one.agent} on {one.day}: {one.state}{missing}")
