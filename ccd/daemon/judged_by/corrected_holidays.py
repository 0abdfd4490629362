"""Days that an operator knows better than the law: what holds, and what takes its place."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import ChangedMeanwhileError
from ccd.history.reading import reading
from ccd.org.acts import Act
from ccd.org.holidays import DayKind, Holidays, KnownDay, parse_holidays
from ccd.org.store import HOLIDAYS, KeptImport, newest_import, take_import
from ccd.sql.turns import Patience, take_turn_at_once

Corrected = dict[tuple[str, date], KnownDay]


class Replaced(NamedTuple):
    """What is another now, or would be, a line each; `number` is that of the import that holds then."""

    number: int
    lines: list[str]
    new: int
    gone: int
    is_the_same: bool  # to the last sign

    @property
    def changed(self) -> int:
        return len(self.lines) - self.new - self.gone


async def kept_days(engine: AsyncEngine) -> KeptImport | None:
    async with reading(engine) as connection:
        return await connection.run_sync(lambda plain: newest_import(plain, HOLIDAYS))


async def replace_days(
    engine: AsyncEngine, text: str, file: Path, act: Act, instead_of: int | None = None, dry_run: bool = False
) -> Replaced:
    """All that the text says, in place of what holds, whatever that is, or of that import alone: ChangedMeanwhileError.
    ImportFaultsError names every fault. What was, and is, is said of the act here."""
    kept = await kept_days(engine)
    is_the_same = kept is not None and kept.text == text
    after = _by_day(text, file, is_new=not is_the_same)
    number = kept.number if kept else 0
    if instead_of not in (None, number) and not (is_the_same and number - 1 == instead_of):
        raise ChangedMeanwhileError(HOLIDAYS, number)
    before = _by_day(kept.text, Path(HOLIDAYS)) if kept else {}
    lines = [
        f"{country} {day}: {_said(before.get((country, day)))} -> {_said(after.get((country, day)))}"
        for country, day in sorted(before.keys() | after.keys())
        if before.get((country, day)) != after.get((country, day))
    ]
    found = Replaced(number, lines, len(after.keys() - before.keys()), len(before.keys() - after.keys()), is_the_same)
    if dry_run or is_the_same:
        return found
    act = act._replace(before=str(number or ""), after=f"import {number + 1}, days {len(after)}")
    done = await take_turn_at_once(engine, lambda plain: take_import(plain, HOLIDAYS, text, number, act), Patience())
    return found._replace(number=done.number)


async def days_told(engine: AsyncEngine, country: str, year: int) -> dict[str, Any]:
    """Those that are not worked, or are although they are of a weekend. UnknownCountryError."""
    kept = await kept_days(engine)
    corrected = parse_holidays(kept.text, Path(HOLIDAYS)).get(country, {}) if kept else {}
    return await asyncio.to_thread(_told, country, year, corrected)  # the library takes its time


def holidays_of(engine: AsyncEngine) -> Callable[[str, int], Awaitable[dict[str, Any]]]:
    return lambda country, year: days_told(engine, country, year)


def _told(country: str, year: int, corrected: Mapping[date, KnownDay]) -> dict[str, Any]:
    known = Holidays(country, corrected)
    days = [
        {"day": str(day.day), "kind": str(day.kind), "name": day.name}
        for day in known.year(year)
        if day.name or day.kind is DayKind.STATUTORY_HOLIDAY or known.is_moved(day.day)
    ]
    return {"country": country, "year": year, "published": known.is_published(year), "days": days}


def _by_day(text: str, file: Path, is_new: bool = False) -> Corrected:
    found = parse_holidays(text, file, is_new)
    return {(country, day): known for country, days in found.items() for day, known in days.items()}


def _said(known: KnownDay | None) -> str:
    return f"{known.kind} {known.name}".rstrip() if known else "as the library says"
