"""The small words that settings are made of: a time zone, a time of day, an origin; each says what is allowed."""

import re
from datetime import date, time
from difflib import get_close_matches
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator

NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


def is_plain_name(text: str) -> str:
    """A name that also names keys in Redis, folders and labels of metrics."""
    if not NAME.fullmatch(text):
        raise ValueError("allowed: up to 40 of a-z, 0-9, _, . and -, with a letter or digit first")
    return text


def is_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = get_close_matches(name, available_timezones(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"is no time zone; allowed: a name such as Asia/Shanghai or UTC{hint}") from None
    return name


def is_day_start(at: time) -> time:
    if at.tzinfo is not None or at.second or at.microsecond:
        raise ValueError("allowed: hours and minutes, such as 04:00")
    return at


def is_origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("is no origin; allowed: scheme and host, such as https://floor.example.org")
    return text


def days_of(said: object) -> object:
    """A day, or the first and the last of several: 2026-11-11, 2026-11-20/2026-11-22."""
    if isinstance(said, date):
        return said, said
    if not isinstance(said, str):
        return said
    first, slash, last = said.partition("/")
    try:
        days = date.fromisoformat(first), date.fromisoformat(last if slash else first)
    except ValueError:
        raise ValueError("allowed: a day, 2026-11-11, or the first and the last, 2026-11-20/2026-11-22") from None
    if days[0] > days[1]:
        raise ValueError(f"ends before it begins; allowed: {last}/{first}")
    return days


Days = Annotated[tuple[date, date], BeforeValidator(days_of)]
DayStart = Annotated[time, AfterValidator(is_day_start)]
Zone = Annotated[str, AfterValidator(is_zone)]
Origin = Annotated[str, AfterValidator(is_origin)]
PlainName = Annotated[str, AfterValidator(is_plain_name)]
