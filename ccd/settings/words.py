"""The small words that settings are made of: a time zone, a time of day, an origin; each says what is allowed."""

import re
from datetime import time
from difflib import get_close_matches
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator

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


DayStart = Annotated[time, AfterValidator(is_day_start)]
Zone = Annotated[str, AfterValidator(is_zone)]
Origin = Annotated[str, AfterValidator(is_origin)]
PlainName = Annotated[str, AfterValidator(is_plain_name)]
