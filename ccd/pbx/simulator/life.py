"""A floor that lives: day after day its people come, take calls, pause and go home.

Each day is drawn from the seed and its date alone, and begins and ends with nobody signed in (there is no night shift).
So a day is the same whether it is reached by living through the days before or begun with, and weeks of past days can
be made without a socket (days.py).
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

from ccd.floor.days import SECOND
from ccd.pbx.simulator.day_plan import day_plan
from ccd.pbx.simulator.queues import QUEUES, QueueKind
from ccd.pbx.simulator.speech import Speech
from ccd.pbx.simulator.staff import Colleague
from ccd.pbx.simulator.switch import Switch
from ccd.pbx.simulator.timeline import Timeline
from ccd.pbx.simulator.traffic import SLOT_S, Traffic
from ccd.pbx.simulator.worker import Worker


def midnight_of(day: date, zone: ZoneInfo) -> int:
    """The day's first moment in µs since the epoch."""
    return int(datetime.combine(day, time(), zone).astimezone(UTC).timestamp()) * SECOND


class Life:
    """The floor of `people` from the midnight of `day` on."""

    def __init__(
        self,
        people: tuple[Colleague, ...],
        day: date,
        zone: ZoneInfo,
        seed: int,
        kinds: tuple[QueueKind, ...] = QUEUES,
    ) -> None:
        self.switch = Switch(kinds)
        self._people = people
        self._zone = zone
        self._seed = seed
        self._timeline = Timeline()
        self._traffic: Traffic | None = None
        self._timeline.at(midnight_of(day, zone), partial(self._begin_day, day))

    def run_until(self, until: int) -> list[Speech]:
        """What the switch says up to `until` (µs)."""
        self._timeline.run_until(until)
        return self.switch.heard()

    def acted(self, at: int) -> None:
        """A client changed who takes calls: whoever waits may have a phone now."""
        if self._traffic is not None:
            self._traffic.look(at)

    def is_quiet(self) -> bool:
        """Whether nobody is signed in and nobody waits or talks: nothing is going to happen until the next shift."""
        return not self.switch.talks and not any(
            queue.members or queue.callers for queue in self.switch.queues.values()
        )

    def next_at(self) -> int:
        """When the next thing happens, µs."""
        due = self._timeline.next_at()
        if due is None:
            raise ValueError("a living floor always has a next midnight on its timeline")
        return due

    def _begin_day(self, day: date, at: int) -> None:
        self.switch.restart_numbers()
        workers: dict[str, Worker] = {}
        on_shift: Counter[tuple[str, int]] = Counter()
        rng = Random(f"floor {self._seed} {day}")
        traffic = Traffic(self.switch, self._timeline, rng, at, on_shift, workers)
        for person in self._people:
            plan = day_plan(person, day, at, self._seed)
            if plan is None:
                continue
            freed = partial(traffic.freed, self.switch.handset(person.phone.interface))
            worker = Worker(person, plan, self.switch, self._timeline, rng, freed)
            workers[person.phone.interface] = worker
            slots = range(person.shift.starts_s // SLOT_S, person.shift.ends_s // SLOT_S)
            on_shift.update((person.queues[0], slot) for slot in slots)
            worker.begin()
        traffic.begin()
        self._traffic = traffic
        tomorrow = day + timedelta(days=1)
        self._timeline.at(midnight_of(tomorrow, self._zone), partial(self._begin_day, tomorrow))
