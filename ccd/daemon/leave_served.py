"""Leave, entitlements, and files of shifts and leave, for whoever acts over HTTP."""

from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Connection, Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.entitling import entitle, entitled
from ccd.daemon.importing import Importing, may_tell, take_over
from ccd.daemon.ruling import look
from ccd.daemon.site import Current
from ccd.errors import Fault, ImportFaultsError
from ccd.floor.days import SECOND
from ccd.org import csv_faults, leave_file, schedule_file
from ccd.org.acts import Act, is_noted
from ccd.org.entitlements import Entitled, Entitlement
from ccd.org.schema import leaves, shifts
from ccd.org.told import Change, Told, Window, counted, window_of
from ccd.org.told_lines import check_window
from ccd.org.told_rows import Said, within
from ccd.web.bank.leave import ImportAsked, LeaveActs, LeaveAsked, LeaveSaid, TakenOverSaid

ENTERED = "entered"  # the source of what is entered one by one
FILE = Path("leave")


def leave_acts(current: Current, engine: AsyncEngine) -> LeaveActs:
    async def taken(asking: Asking, asked: Importing, why: str, dry_run: bool = False) -> list[Change]:
        name = asked.table.name
        act = Act(asking.act, asking.at, asking.by, asking.address, f"import {name}", asked.said.source, "", "", why)
        site = current.site

        def may(changes: Collection[Change]) -> None:
            if asked.table is leaves:
                may_tell(site, asking.person, changes)

        return await take_over(engine, site.agent_days, asked, act, dry_run, may)

    async def enter(asking: Asking, asked: LeaveAsked) -> LeaveSaid:
        site = current.site
        lines = [
            ("agent", "kind", "from", "to", "uid"),
            (asked.agent, asked.kind, asked.starts, asked.ends, asking.act),
        ]
        told = leave_file.parse(csv_faults.written(lines), FILE, site.agent_days, site.settings.leave.kinds)
        may_tell(site, asking.person, (Change(None, each) for each in told))
        await taken(asking, Importing(leaves, Said(ENTERED, FILE), told, None), asked.reason)
        return _said(told[0], ENTERED)

    async def withdraw(asking: Asking, uid: str, why: str) -> LeaveSaid | None:
        """None where there is none; one that was withdrawn is none any more, but for the act that did it."""
        held = await look(engine, lambda plain: _entered(plain, uid, asking.act))
        if held is None:
            return None
        may_tell(current.site, asking.person, [Change(held, None)])
        gone = held._replace(withdrawn=True)
        await taken(asking, Importing(leaves, Said(ENTERED, FILE), [gone], None), why)
        return _said(held, ENTERED)

    async def between(first: date, last: date) -> list[LeaveSaid]:
        site, days = current.site, current.site.units.days("")
        start, end = days.of_date(first).start, days.of_date(last).end

        def read(plain: Connection) -> list[LeaveSaid]:
            return [_as_held(row) for row in within(plain, leaves, site.roster.agents, start, end)]

        return await look(engine, read)

    async def imported(asking: Asking, asked: ImportAsked, dry_run: bool) -> TakenOverSaid:
        site, file = current.site, Path(f"{asked.kind}.csv")
        if asked.kind == "schedule":
            told, table, words = schedule_file.parse(asked.text, file, site.agent_days), shifts, schedule_file.words
        else:
            told = leave_file.parse(asked.text, file, site.agent_days, site.settings.leave.kinds)
            table, words = leaves, leave_file.words
            may_tell(site, asking.person, (Change(None, each) for each in told))
        window = _window(asked, told, file)
        changes = await taken(asking, Importing(table, Said(asked.source, file), told, window), asked.why, dry_run)
        lines = [_line(change, lambda each: words(each, site.agent_days)) for change in changes]
        return TakenOverSaid(lines=lines, said=counted(changes), dry_run=dry_run)

    async def entitle_(
        asking: Asking, agent: str, first: date, until: date | None, said: Entitlement | None
    ) -> Entitled:
        return await entitle(engine, current.site, asking, agent, first, until, said)

    async def entitled_(asking: Asking, agent: str) -> list[Entitled]:
        return await entitled(engine, current.site, asking, agent)

    return LeaveActs(enter, withdraw, between, imported, entitle_, entitled_)


def _as_held(row: Row[Any]) -> LeaveSaid:
    starts, ends = row.start_at / SECOND, row.end_at / SECOND
    return LeaveSaid(leave=row.uid, source=row.source, agent=row.agent, kind=row.kind, starts=starts, ends=ends)


def _entered(plain: Connection, uid: str, act: str) -> Told | None:
    mine = select(leaves).where(leaves.c.source == ENTERED, leaves.c.uid == uid).order_by(leaves.c.id.desc()).limit(1)
    row = plain.execute(mine).one_or_none()
    if row is None or (row.until_at is not None and not is_noted(plain, act)):
        return None
    return Told(row.uid, row.agent, row.day, row.start_at, row.end_at, row.kind)


def _window(asked: ImportAsked, told: Collection[Told], file: Path) -> Window | None:
    if asked.partial:
        if asked.first or asked.last:
            _refuse(file, "is told as changes alone: from and to are for one that tells all of some days")
        return None
    named = window_of(told)
    first, last = asked.first or (named and named.first), asked.last or (named and named.last)
    if first is None or last is None or last < first:
        _refuse(file, "names no day: say from and to, of which days it tells all there is")
    check_window(told, Window(first, last), file, "day" if asked.kind == "schedule" else "from")
    return Window(first, last)


def _refuse(file: Path, problem: str) -> NoReturn:
    raise ImportFaultsError((Fault(file, None, "", problem),))


def _line(change: Change, words: Callable[[Told], str]) -> str:
    before, after = (words(each) if each else "" for each in change)
    if before and after:
        return f"~ {change.agent}: {before} -> {after}"
    return f"+ {change.agent}: {after}" if after else f"- {change.agent}: {before}"


def _said(one: Told, source: str) -> LeaveSaid:
    return LeaveSaid(
        leave=one.uid, source=source, agent=one.agent, kind=one.what, starts=one.start / SECOND, ends=one.end / SECOND
    )
