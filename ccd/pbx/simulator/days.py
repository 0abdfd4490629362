"""Whole days of a simulated floor without a socket: for the weeks that a demonstration has behind it, and for tests."""

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from ccd.floor.days import SECOND
from ccd.floor.events import PbxEvent
from ccd.pbx.simulator.floor_words import floor_events
from ccd.pbx.simulator.life import Life, midnight_of
from ccd.pbx.simulator.speech import Speech
from ccd.pbx.simulator.staff import Colleague

STEP_US = 60 * SECOND  # a minute of the floor at a time


def speech_of_day(people: tuple[Colleague, ...], day: date, zone: ZoneInfo, seed: int) -> Iterator[Speech]:
    """Everything the switch says from the day's midnight to the next, in order."""
    life = Life(people, day, zone, seed)
    ends = midnight_of(day + timedelta(days=1), zone)
    while (at := life.next_at()) < ends:
        yield from life.run_until(min(at + STEP_US, ends - 1))


def events_of_day(people: tuple[Colleague, ...], day: date, zone: ZoneInfo, seed: int) -> Iterator[PbxEvent]:
    """The day as the floor's events."""
    return floor_events(speech_of_day(people, day, zone, seed))
