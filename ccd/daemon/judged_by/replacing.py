"""A roster, units or people that are to take the place of those that hold: what they change, and their import."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.judged_by.corrected_holidays import kept_days, replace_days
from ccd.daemon.judged_by.effects import Effect, effect_of_roster, effect_of_shares
from ccd.daemon.judged_by.imported import Imported, imported
from ccd.daemon.judged_by.left_out import left_out
from ccd.daemon.judged_by.other_people import other_people, staff_of_text
from ccd.daemon.site import Site
from ccd.daemon.site_file import site_warnings, unit_warnings
from ccd.daemon.stores import ledger_of
from ccd.errors import ChangedMeanwhileError, RosterError
from ccd.floor.days import SECOND
from ccd.history.unit_days import measured_since
from ccd.org import csv_faults, organisation_file, people_file, roster_file
from ccd.org.acts import Act, note_act
from ccd.org.changes import LineChange, RowChange, moment, roster_changes, row_changes, said
from ccd.org.csv_faults import Header, Row, Written
from ccd.org.proposed import WAITING, Proposed, of_kind, propose_change, proposed_changes
from ccd.org.roster import Roster, changes_since
from ccd.org.store import HOLIDAYS, ORGANISATION, PEOPLE, ROSTER, KeptImport, take_import
from ccd.sql.locks import wait_for_others
from ccd.sql.turns import Patience, take_turn, take_turn_at_once
from ccd.web.accounts import logins
from ccd.web.organisation_api import Importer, ImportSaid

# Of what is told line by line, the file's header: the first column is whom or what a line is about.
HEADERS = {ORGANISATION: organisation_file.HEADER, PEOPLE: people_file.HEADER}


class Instead(NamedTuple):
    """What an import changes, when it takes the place of the one that holds."""

    kind: str
    number: int  # of the import that holds; 0 where none does
    text: str
    is_the_same: bool  # to the last sign
    changes: list[LineChange] | list[RowChange]
    lines: list[str]  # the same, in words
    since: int | None = None  # from when days are measured otherwise, µs
    measured_days: int = 0  # of units, that are over and are measured anew
    needs_second: bool = False  # because of who is there until now
    agents: tuple[str, ...] = ()  # of people, whose share of a contract is another
    taken_out: tuple[str, ...] = ()  # of people, who administers all units until now, and would not
    warnings: tuple[str, ...] = ()  # of what it holds or leaves out, and is probably not meant so

    @property
    def new(self) -> int:
        return sum(1 for change in self.changes if change.before is None)

    @property
    def gone(self) -> int:
        return sum(1 for change in self.changes if change.after is None)

    @property
    def changed(self) -> int:
        return len(self.changes) - self.new - self.gone

    def since_said(self, timezone: str) -> str | None:
        if self.since is None:
            return None
        return moment(self.since, timezone) if self.since else "ever"


async def instead(engine: AsyncEngine, site: Site, kind: str, text: str) -> Instead:
    """What a text of that kind, of which `site` is made, changes of what holds: of what the database keeps, or of the
    files where it keeps nothing."""

    async def days_since(since: int | None) -> int:
        async def look(connection: AsyncConnection) -> int:
            return 0 if since is None else await measured_since(connection, since)

        return await take_turn(engine, look, Patience(), writes=False)

    kept = (await imported(engine)).of(kind)
    number, is_the_same = (kept.number, kept.text == text) if kept else (0, False)
    if kind != ROSTER:
        header = HEADERS[kind]
        held, said_now = _rows(header, kept.text if kept else ""), _rows(header, text)
        found = row_changes(held, said_now, (*header.needed, *header.optional))
        plain = Instead(kind, number, text, is_the_same, found, [str(change) for change in found])
        if kind != PEOPLE:
            return plain._replace(warnings=tuple(map(str, unit_warnings(site))))
        people = other_people(site, kept)
        said_out = await _left_out(engine, site, kept)
        return plain._replace(measured_days=await days_since(people.since), **people._asdict(), warnings=said_out)
    before = _roster_before(site, kept)
    since = changes_since(before, site.roster)
    measured_days = await days_since(since)
    lines = roster_changes(before, site.roster)
    words = [said(change, site.units) for change in lines]
    warned = tuple(map(str, site_warnings(site)))
    return Instead(
        kind, number, text, is_the_same, lines, words, since, measured_days, site.needs_second, warnings=warned
    )


async def replaced(engine: AsyncEngine, found: Instead, asked: Importer, now: int) -> KeptImport:
    """It is kept from now on, with the act of who asked; ChangedMeanwhileError where another is by now."""
    before = _import(found.number)
    after = f"import {found.number + 1}, {found.new} new, {found.changed} changed, {found.gone} gone"
    act = Act(uuid4().hex, now, asked.by, asked.address, f"import {found.kind}", found.kind, before, after, asked.why)
    return await take_turn_at_once(
        engine, lambda plain: take_import(plain, found.kind, found.text, found.number, act), Patience()
    )


def waits_for_a_second(found: Instead) -> bool:
    """Whether another person has to agree to it: it says something else of days that were measured, or takes somebody
    out of who could agree."""
    changes_what_is = found.measured_days > 0 or bool(found.taken_out)
    return changes_what_is and found.needs_second and not found.is_the_same


async def effect_of(engine: AsyncEngine, site: Site, found: Instead, now: Callable[[], int]) -> Effect:
    """Of a roster, or of people, that the site is made of."""
    ledger = ledger_of(engine, site.settings, now)
    if found.kind == PEOPLE:
        days = await effect_of_shares(ledger, site, found.agents, found.since, now) if found.measured_days else {}
        return {"takes_out": list(found.taken_out), **days} if found.taken_out else days
    assert found.since is not None
    lines = [line for line in found.changes if isinstance(line, LineChange)]
    return await effect_of_roster(ledger, site, lines, found.since, now)


async def proposed_import(engine: AsyncEngine, found: Instead, effect: Effect, asked: Importer, now: int) -> int:
    """It waits for somebody else to agree, under this number; one that waits already is that one."""
    subject = str(found.number)
    after = f"{found.new} new, {found.changed} changed, {found.gone} gone"
    before = _import(found.number)
    kind = found.kind
    act = Act(uuid4().hex, now, asked.by, asked.address, f"propose {kind}", kind, before, after, asked.why)

    def work(plain: Connection) -> int:
        wait_for_others(plain, proposed_changes)
        for known in of_kind(plain, kind):
            if (known.state, known.subject, known.text) == (WAITING, subject, found.text):
                return known.number
        note_act(plain, act)
        return propose_change(
            plain, Proposed(act.id, kind, subject, found.text, json.dumps(effect, ensure_ascii=False))
        )

    return await take_turn_at_once(engine, work, Patience())


class Replacing:
    """What the pages' server is asked for. `described` makes the site of what was imported; FaultsError where that has
    faults."""

    def __init__(self, engine: AsyncEngine, described: Callable[[Imported], Site], now: Callable[[], int]) -> None:
        self._engine, self._described, self._now = engine, described, now

    async def newest(self, kind: str) -> KeptImport | None:
        if kind == HOLIDAYS:
            return await kept_days(self._engine)
        kept = (await imported(self._engine)).of(kind)
        return None if kept is None else KeptImport(kept.number, kept.text)

    async def take(self, kind: str, text: str, instead_of: int, asked: Importer, dry_run: bool) -> ImportSaid:
        """Instead of the import of that number; ChangedMeanwhileError where another one holds. Who asks again, because
        no answer came, is told which number it has."""
        if kind == HOLIDAYS:
            act = Act(uuid4().hex, self._now(), asked.by, asked.address, f"import {kind}", kind, "", "", asked.why)
            days = await replace_days(self._engine, text, Path(kind), act, instead_of, dry_run)
            return ImportSaid(
                number=days.number, lines=days.lines, new=days.new, changed=days.changed, gone=days.gone, since=None,
                measured_days=0,
            )  # fmt: skip
        held = await imported(self._engine)
        site = self._described(held.with_(kind, Written(Path(kind), text)))
        found = await instead(self._engine, site, kind, text)
        if found.number != instead_of and not (found.is_the_same and found.number == instead_of + 1):
            raise ChangedMeanwhileError(kind, found.number)
        number, change, effect = found.number, None, None
        if waits_for_a_second(found):
            effect = await effect_of(self._engine, site, found, self._now)
            if not dry_run:
                change = str(await proposed_import(self._engine, found, effect, asked, self._now()))
        elif not dry_run and not found.is_the_same:
            number = (await replaced(self._engine, found, asked, self._now())).number
        since = found.since_said(site.settings.timezone)
        return ImportSaid(
            number=number, lines=found.lines, new=found.new, changed=found.changed, gone=found.gone, since=since,
            measured_days=found.measured_days, change=change, effect=effect,
            warnings=[*found.warnings],
        )  # fmt: skip


async def _left_out(engine: AsyncEngine, site: Site, kept: Written | None) -> tuple[str, ...]:
    if kept is None:
        return ()
    known = await take_turn(engine, logins, Patience(), writes=False)
    rows = dict(csv_faults.rows(kept.text, Path(), HEADERS[PEOPLE], []))
    now = round(time.time() * SECOND)
    return tuple(left_out(known, staff_of_text(site, kept), site.staff, rows, site.units, now))


def _import(number: int) -> str:
    return f"import {number}" if number else ""


def _rows(header: Header, text: str) -> list[Row]:
    """Of a text that has no faults, or is empty."""
    return [row for _, row in csv_faults.rows(text, Path(), header, [])]


def _roster_before(site: Site, kept: Written | None) -> Roster:
    """What holds until now: what was imported last, else the file that the configuration names. One that has faults,
    by the units as they are now, holds nobody."""
    try:
        if kept is not None:
            return roster_file.parse(kept.text, kept.file, site.units)
        return roster_file.read(site.settings.roster, site.units) if site.settings.roster else Roster()
    except RosterError:
        return Roster()
