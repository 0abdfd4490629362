"""What the organisation has imported, and the database keeps: roster, units, people; the policies that were published;
and the daemon's look whether anything newer was."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ccd.daemon.judged_by.published import NOTHING_PUBLISHED, Published
from ccd.daemon.judged_by.published_rules import PublishedRules
from ccd.daemon.stores import DATABASE_FILE, database_url
from ccd.errors import ConfigurationError, DatabaseBusyError
from ccd.org.csv_faults import Written
from ccd.org.proposed import POLICY, RULE, agreed_by_another, of_kind, proposed_changes
from ccd.org.store import ORGANISATION, PEOPLE, ROSTER, newest_import, newest_number, numbered, org_imports
from ccd.settings import Settings, inspect
from ccd.sql.engine import open_engine, seeing_one_state
from ccd.sql.refusals import refusals_said
from ccd.sql.turns import DRIVER_ERRORS, Patience, is_away, take_turn

LOOKS_EVERY_S = 5.0
ASKS_AGAIN_AFTER_S = 60.0  # where it was not taken: the log says why, and somebody may have mended it


class Imported(NamedTuple):
    """What the site is made of beside its configuration; None of what was never imported. Named by kind."""

    roster: Written | None = None
    organisation: Written | None = None
    people: Written | None = None
    published: Published = NOTHING_PUBLISHED

    def with_(self, kind: str, text: Written) -> "Imported":
        return Imported(**{**self._asdict(), kind: text})

    def of(self, kind: str) -> Written | None:
        found: Written | None = getattr(self, kind)
        return found

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of the imports, in the order of KINDS, 0 of what is in a file, or nowhere; then of the policies agreed to."""
        return (*(each.number if each else 0 for each in map(self.of, KINDS)), self.published.number)


KINDS = (ROSTER, ORGANISATION, PEOPLE)
NOTHING = Imported()


async def imported(engine: AsyncEngine) -> Imported:
    """What holds. DatabaseBusyError, DRIVER_ERRORS."""

    async def look(connection: AsyncConnection) -> Imported:
        return await connection.run_sync(_newest)

    return await take_turn(seeing_one_state(engine), look, Patience(), writes=False)


async def imported_before(engine: AsyncEngine) -> Imported:
    """The same without what was taken last of each: import, and policy or rule. Of what was imported once, that."""

    async def look(connection: AsyncConnection) -> Imported:
        return await connection.run_sync(_before_the_newest)

    return await take_turn(seeing_one_state(engine), look, Patience(), writes=False)


def _before_the_newest(connection: Connection) -> Imported:
    found = _newest(connection)
    for kind in KINDS:
        if (newest := found.of(kind)) is not None and newest.number > 1:
            before = numbered(connection, kind, newest.number - 1)
            assert before is not None
            found = found.with_(kind, newest._replace(text=before.text, number=before.number))
    return found._replace(published=found.published.before_the_newest)


def _newest(connection: Connection) -> Imported:
    """Of tables of an earlier ccd, nothing: whoever only looks does not migrate."""
    if not sqlalchemy.inspect(connection).has_table(org_imports.name):
        return NOTHING
    kept = {kind: newest_import(connection, kind) for kind in KINDS}
    said = {kind: Written(Path(f"import {one.number} of the {kind}"), one.text, one.number)
            for kind, one in kept.items() if one is not None}  # fmt: skip
    return Imported(**said, published=_published(connection))


def _published(connection: Connection) -> Published:
    if not sqlalchemy.inspect(connection).has_table(proposed_changes.name):
        return NOTHING_PUBLISHED
    return published_in(connection)


def published_in(connection: Connection) -> Published:
    return Published(tuple(of_kind(connection, POLICY)), PublishedRules(tuple(of_kind(connection, RULE))))


def look_up(settings: Settings) -> Imported:
    """For a command, before it has the database open. Nothing is made, where there is none yet."""
    if settings.sql.url == "embedded" and not os.path.exists(settings.state_directory / DATABASE_FILE):
        return NOTHING

    async def looked() -> Imported:
        engine = open_engine(database_url(settings))
        try:
            async with refusals_said():
                return await imported(engine)
        finally:
            await engine.dispose()

    return asyncio.run(looked())


def kept_beside(file: Path) -> Imported:
    """What the database keeps that the configuration names; nothing where that can't be told, for faults that are named
    when the configuration is read."""
    settings = inspect(file).settings
    try:
        return NOTHING if settings is None else look_up(settings)
    except ConfigurationError:  # of the database's password
        return NOTHING


async def look_for_imports(engine: AsyncEngine, holds: Callable[[], tuple[int, ...]], asked: asyncio.Event) -> None:
    """A child of the daemon: asks for a reload as soon as what `holds`, by its numbers, is not the newest."""
    loop = asyncio.get_running_loop()
    asked_for, asked_at = NOTHING.numbers, 0.0
    while True:
        await asyncio.sleep(LOOKS_EVERY_S)
        try:
            numbers = await take_turn(engine, newest_numbers, Patience(attempts_max=1), writes=False)
        except (DatabaseBusyError, *DRIVER_ERRORS) as error:
            if not is_away(error):
                raise
            continue
        if numbers != holds() and (numbers != asked_for or loop.time() - asked_at >= ASKS_AGAIN_AFTER_S):
            asked_for, asked_at = numbers, loop.time()
            asked.set()


async def newest_numbers(connection: AsyncConnection) -> tuple[int, ...]:
    """Of all that holds, as `Imported.numbers`."""

    def look(plain: Connection) -> tuple[int, ...]:
        return (*(newest_number(plain, kind) for kind in KINDS), agreed_by_another(plain, POLICY, RULE))

    return await connection.run_sync(look)
