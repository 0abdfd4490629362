"""Worked cases as they are written down: a day, who, and what is done, in words that a hotline manager would use."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import Any

MONTHS = {"Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12, "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6}
YEARS = {name: 2026 if number >= 9 else 2027 for name, number in MONTHS.items()}
LINE = re.compile(r"(?P<day>\d{1,2} \w{3})(?: (?P<at>\d{2}:\d{2}))? (?P<said>.+?)(?:, refused: (?P<refused>.+))?")
SPAN = re.compile(r"(\d{2}:\d{2}(?::\d{2})?)-(\d{2}:\d{2}(?::\d{2})?)")
DAY = re.compile(r"(\d{1,2}) (\w{3})")
EVENING = time(23, 30)  # when what has no time of its own is done


class CaseError(ValueError):
    """A case that is not written as it should be: which, and where."""


@dataclass(frozen=True, slots=True)
class Line:
    """`refused` is a part of the answer to what is not to be done."""

    written: str
    day: date
    at: datetime
    said: str
    refused: str | None


@dataclass(frozen=True, slots=True)
class Case:
    title: str
    story: tuple[Line, ...]
    points: dict[str, float]  # of full attendance, by agent and month as "1001 2026-12"
    then: dict[str, dict[str, int]]  # what each agent's accounts hold in the end, in seconds; nothing else is anywhere
    policy: dict[str, Any] = field(default_factory=dict)
    schedules: bool = False


def cases(file: Path) -> Iterator[Case]:
    yield from _cases_in(file.read_text(), file.name)


def case_in(text: str) -> Case:
    """The only one."""
    (case,) = _cases_in(text, "the story")
    return case


def _cases_in(text: str, where: str) -> Iterator[Case]:
    for number, told in enumerate(tomllib.loads(text)["case"], 1):
        try:
            yield _case(told)
        except (CaseError, KeyError, TypeError) as error:
            raise CaseError(f"{where}, case {number} ({told.get('title', 'without a title')}): {error}") from None


def day_of(written: str) -> date:
    match = DAY.fullmatch(written.strip())
    if match is None or match[2] not in MONTHS:
        raise CaseError(f"{written!r} is no day; write one as '1 Dec', from Sep (2026) to Jun (2027)")
    return date(YEARS[match[2]], MONTHS[match[2]], int(match[1]))


def spans_of(written: str, day: date, zone: tzinfo = UTC) -> list[tuple[int, int]]:
    """All `08:00-16:00` in it, in seconds since the epoch; one that does not end after it starts ends the next day."""
    midnight = datetime.combine(day, time())
    found = []
    for start, end in SPAN.findall(written):
        first, last = _seconds(start), _seconds(end)
        clock = (midnight + timedelta(seconds=each) for each in (first, last if first < last else last + 86_400))
        begins, ends = (int(each.replace(tzinfo=zone).timestamp()) for each in clock)
        found.append((begins, ends))
    return found


def _case(told: dict[str, Any]) -> Case:
    lines = tuple(_line(written) for written in told["story"])
    for before, after in pairwise(lines):
        if after.at < before.at:
            raise CaseError(f"{after.written!r} comes before {before.written!r}: tell it in order of time")
    return Case(
        told["title"], lines, told.get("points", {}), told["then"], told.get("policy", {}), told.get("schedules", False)
    )


def _line(written: str) -> Line:
    match = LINE.fullmatch(written)
    if match is None:
        raise CaseError(f"{written!r} does not begin with a day, as '1 Dec' or '1 Dec 09:00'")
    day = day_of(match["day"])
    at = time.fromisoformat(match["at"]) if match["at"] else EVENING
    return Line(written, day, datetime.combine(day, at, UTC), match["said"], match["refused"])


def _seconds(written: str) -> int:
    hours, minutes, *seconds = (int(part) for part in written.split(":"))
    return hours * 3_600 + minutes * 60 + sum(seconds)
