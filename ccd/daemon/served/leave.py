"""Leave, entitlements, and files of shifts and leave, for whoever acts over HTTP."""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import Connection, Row, Table, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.asking import Asking
from ccd.daemon.judged_by.importing import Importing, may_name, may_tell, take_over_told
from ccd.daemon.services.entitling import entitle, entitled
from ccd.daemon.site import Current
from ccd.errors import ActTakenError, Fault, ImportFaultsError
from ccd.floor.days import SECOND
from ccd.org import csv_faults, leave_file, schedule_file
from ccd.org.acts import Act, is_noted
from ccd.org.agent_days import AgentDays
from ccd.org.entitlements import Entitled, Entitlement
from ccd.org.rights import may_enter_leave, may_read
from ccd.org.schema import leaves, shifts
from ccd.org.told import DaysTold, SpanChange, Told, changes_counted, window_of
from ccd.org.told_lines import check_window
from ccd.org.told_rows import Teller, told_by, told_within
from ccd.sql.turns import read_in_turn
from ccd.web.bank.leave import ImportAsked, LeaveActs, LeaveAsked, LeaveSaid, TakenOverSaid, entitlements_said
from ccd.web.etags import check_tag

ENTERED = "entered"  # the source of what is entered one by one
FILE = Path("leave")


def leave_acts(current: Current, engine: AsyncEngine) -> LeaveActs:
    desk = LeaveDesk(current, engine)
    return LeaveActs(
        desk.enter, desk.withdraw, desk.between, desk.take_over, desk.file_of, desk.entitle, desk.entitled
    )  # fmt: skip


class LeaveDesk:
    """Each act by the configuration that holds as it is done."""

    def __init__(self, current: Current, engine: AsyncEngine) -> None:
        self._current, self._engine = current, engine

    async def enter(self, asking: Asking, asked: LeaveAsked) -> LeaveSaid:
        site = self._current.site
        may_enter_leave(asking.person, site.all_units, ())  # else who is on the roster, is told by the faults
        lines = [
            ("agent", "kind", "from", "to", "uid"),
            (asked.agent, asked.kind, asked.starts, asked.ends, asking.act),
        ]
        told = leave_file.parse(csv_faults.written(lines), FILE, site.agent_days, site.settings.leave.kinds)
        may_tell(site, asking, (SpanChange(None, each) for each in told))
        done = await self._taken(asking, Importing(leaves, Teller(ENTERED, FILE), told, None), asked.reason)
        if not done:  # it was before, unless its name is that of another act
            held = await read_in_turn(self._engine, lambda plain: _entered(plain, asking.act, asking.act))
            if held != told[0]._replace(line=0):
                raise ActTakenError(asking.act)
        return _said(told[0], ENTERED)

    async def withdraw(self, asking: Asking, uid: str, why: str) -> LeaveSaid | None:
        """None where there is none; one that was withdrawn is none any more, but for the act that did it."""
        held = await read_in_turn(self._engine, lambda plain: _entered(plain, uid, asking.act))
        if held is None:
            return None
        may_tell(self._current.site, asking, [SpanChange(held, None)])
        gone = held._replace(withdrawn=True)
        await self._taken(asking, Importing(leaves, Teller(ENTERED, FILE), [gone], None), why)
        return _said(held, ENTERED)

    async def between(self, first: date, last: date) -> list[LeaveSaid]:
        site, days = self._current.site, self._current.site.units.days("")
        start, end = days.of_date(first).start, days.of_date(last).end

        def read(plain: Connection) -> list[LeaveSaid]:
            return [_as_held(row) for row in told_within(plain, leaves, site.roster.agents, start, end)]

        return await read_in_turn(self._engine, read)

    async def take_over(self, asking: Asking, asked: ImportAsked, dry_run: bool) -> TakenOverSaid:
        site, file = self._current.site, Path(f"{asked.kind}.csv")
        if asked.kind == "schedule":
            told, table, words = schedule_file.parse(asked.text, file, site.agent_days), shifts, schedule_file.words
        else:
            may_enter_leave(asking.person, site.all_units, ())
            told = leave_file.parse(asked.text, file, site.agent_days, site.settings.leave.kinds)
            table, words = leaves, leave_file.words
            may_name(site, asking, told)
        window = _window(asked, told, file)
        changes = await self._taken(
            asking, Importing(table, Teller(asked.source, file), told, window), asked.why, dry_run, asked.tag
        )
        lines = [_line(change, lambda each: words(each, site.agent_days)) for change in changes]
        return TakenOverSaid(lines=lines, said=changes_counted(changes), dry_run=dry_run)

    async def file_of(self, asking: Asking, kind: str, source: str, first: date, last: date) -> str:
        site, table, window = self._current.site, shifts if kind == "schedule" else leaves, DaysTold(first, last)
        held = await read_in_turn(self._engine, lambda plain: told_by(plain, table, source, window))
        if table is leaves:
            may_read(asking.person, lambda: may_name(site, asking, held))
        return _rendered(held, site.agent_days, table)

    async def entitle(
        self, asking: Asking, agent: str, first: date, until: date | None, said: Entitlement | None, tag: str | None
    ) -> Entitled:
        def still(known: list[Entitled]) -> None:
            if tag is not None:
                check_tag(tag, entitlements_said(agent, known))

        return await entitle(self._engine, self._current.site, asking, agent, first, until, said, still)

    async def entitled(self, asking: Asking, agent: str) -> list[Entitled]:
        return await entitled(self._engine, self._current.site, asking, agent)

    async def _taken(
        self, asking: Asking, asked: Importing, why: str, dry_run: bool = False, tag: str | None = None
    ) -> list[SpanChange]:
        name = asked.table.name
        act = Act(asking.act, asking.at, asking.by, asking.address, f"import {name}", asked.said.source, "", "", why)
        site = self._current.site

        def may(changes: Collection[SpanChange]) -> Asking:
            return may_tell(site, asking, changes) if asked.table is leaves else asking

        def still(plain: Connection) -> None:
            if tag is not None:
                held = told_by(plain, asked.table, asked.said.source, asked.window)
                check_tag(tag, _rendered(held, site.agent_days, asked.table))

        return await take_over_told(self._engine, site.agent_days, asked, act, dry_run, may, still)


def _rendered(told: Sequence[Told], days: AgentDays, table: Table) -> str:
    """As a file of which the same would be taken over."""
    return leave_file.rendered(told, days) if table is leaves else schedule_file.rendered(told, days)


def _as_held(row: Row[Any]) -> LeaveSaid:
    starts, ends = row.start_at / SECOND, row.end_at / SECOND
    return LeaveSaid(leave=row.uid, source=row.source, agent=row.agent, kind=row.kind, starts=starts, ends=ends)


def _entered(plain: Connection, uid: str, act: str) -> Told | None:
    mine = select(leaves).where(leaves.c.source == ENTERED, leaves.c.uid == uid).order_by(leaves.c.id.desc()).limit(1)
    row = plain.execute(mine).one_or_none()
    if row is None or (row.until_at is not None and not is_noted(plain, act)):
        return None
    return Told(row.uid, row.agent, row.day, row.start_at, row.end_at, row.kind)


def _window(asked: ImportAsked, told: Collection[Told], file: Path) -> DaysTold | None:
    if asked.partial:
        if asked.first or asked.last:
            _refuse(file, "is told as changes alone: from and to are for one that tells all of some days")
        return None
    named = window_of(told)
    first, last = asked.first or (named and named.first), asked.last or (named and named.last)
    if first is None or last is None or last < first:
        _refuse(file, "names no day: say from and to, of which days it tells all there is")
    check_window(told, DaysTold(first, last), file, "day" if asked.kind == "schedule" else "from")
    return DaysTold(first, last)


def _refuse(file: Path, problem: str) -> NoReturn:
    raise ImportFaultsError((Fault(file, None, "", problem),))


def _line(change: SpanChange, words: Callable[[Told], str]) -> str:
    before, after = (words(each) if each else "" for each in change)
    if before and after:
        return f"~ {change.agent}: {before} -> {after}"
    return f"+ {change.agent}: {after}" if after else f"- {change.agent}: {before}"


def _said(one: Told, source: str) -> LeaveSaid:
    return LeaveSaid(
        leave=one.uid, source=source, agent=one.agent, kind=one.what, starts=one.start / SECOND, ends=one.end / SECOND
    )
