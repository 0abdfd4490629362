"""Day records as the JSON that `ccd day` and `ccd replay` print: an outside contract, to which keys may be added."""

import json
from collections.abc import Iterable
from typing import Any

from ccd.floor.days import SECOND
from ccd.floor.records import DayRecord

SECONDS_BEFORE_PAUSED = ("signed_in", "available", "ringing", "on_call", "other_call", "wrap_up")
SECONDS_AFTER_PAUSED = ("partly_paused", "aux", "exempt", "unreachable", "unobserved")
OF_SCHEDULES = ("scheduled", "late", "early_leave", "off_post", "on_leave", "excused", "worked_on_leave")
COUNTS = ("sign_ins", "sign_outs", "pauses", "offered", "answered", "missed")

FIGURES = (
    "agent", "unit", *SECONDS_BEFORE_PAUSED, "paused", *SECONDS_AFTER_PAUSED, *COUNTS, "first_sign_in",
    "last_sign_out", *OF_SCHEDULES,
)  # fmt: skip  # of a day in a unit with schedules; in others what OF_SCHEDULES names is not there


def render(records: Iterable[DayRecord], timezone: str) -> str:
    return json.dumps(days_as_json(records, timezone), ensure_ascii=False, indent=1)


def days_as_json(records: Iterable[DayRecord], timezone: str) -> dict[str, Any]:
    """`{"timezone": …, "days": [{"day": "2026-11-23", "agents": [{"agent": "1001", "signed_in": seconds, …}]}]}`.

    Seconds are whole numbers where they are whole. `paused` is by reason, `""` without one; `other_call` is part of
    `on_call`; first sign-in and last sign-out are seconds since the epoch, or null. A day in a unit with schedules has
    what it was against its shifts besides, from `scheduled` on.
    """
    days: dict[str, list[dict[str, Any]]] = {}
    for record in sorted(records, key=lambda record: (record.day, record.agent)):
        days.setdefault(record.day.isoformat(), []).append(record_figures(record))
    return {"timezone": timezone, "days": [{"day": day, "agents": agents} for day, agents in days.items()]}


def record_figures(record: DayRecord) -> dict[str, Any]:
    return {
        "agent": record.agent,
        "unit": record.unit,
        **{name: seconds(getattr(record, name)) for name in SECONDS_BEFORE_PAUSED},
        "paused": {reason: seconds(span) for reason, span in record.paused.items()},
        **{name: seconds(getattr(record, name)) for name in SECONDS_AFTER_PAUSED},
        **{name: getattr(record, name) for name in COUNTS},
        "first_sign_in": None if record.first_sign_in is None else seconds(record.first_sign_in),
        "last_sign_out": None if record.last_sign_out is None else seconds(record.last_sign_out),
        **({} if record.duty is None else {name: seconds(getattr(record.duty, name)) for name in OF_SCHEDULES}),
    }


def seconds(us: int) -> int | float:
    """Microseconds as seconds, to the microsecond: a double holds that until the year 2255."""
    return us // SECOND if us % SECOND == 0 else us / SECOND
