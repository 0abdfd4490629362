"""The centre whose year is simulated: its units, its people and what they are planned for."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from ccd.daemon.site import Site
from ccd.org.csv_faults import Written
from ccd.pbx.simulator.queues import QUEUES
from ccd.pbx.simulator.staff import Colleague, roster_csv, staff
from ccd.settings import Settings

ZONE, PBX, SITE = "Asia/Shanghai", "pbx", "centre"
TEAM, TEAMS_A_SUB_CENTRE = 200, 5
KEPT_IN = 10  # of so many teams, all segments of one are kept


class Place(NamedTuple):
    """Which year it is, of whom, and where: the same in all processes."""

    url: str
    ami_url: str
    agents: int
    first: date
    opens: date  # the bank; before that days are measured, and settled by nobody
    last: date
    ami_first: date
    ami_days: int
    seed: int = 1

    def is_heard(self, day: date) -> bool:
        """Whether the day comes from AMI bytes."""
        return self.ami_first <= day < self.ami_first + timedelta(days=self.ami_days)

    @property
    def teams(self) -> list[str]:
        return [f"team-{number:02}" for number in range(1, max(1, self.agents // TEAM) + 1)]

    @property
    def kept(self) -> list[str]:
        """The teams whose segments are stored."""
        return self.teams[::KEPT_IN]

    def sub_centre(self, team: str) -> str:
        return f"sub-{self.teams.index(team) // TEAMS_A_SUB_CENTRE + 1}"

    @property
    def sub_centres(self) -> list[str]:
        return sorted({self.sub_centre(team) for team in self.teams})


def people_of(place: Place) -> tuple[Colleague, ...]:
    teams = place.teams
    people = staff(place.agents, place.seed)
    return tuple(replace(each, unit=teams[number % len(teams)]) for number, each in enumerate(people))


def site_of(place: Place) -> Site:
    units = {SITE: {}, **{sub: {"parent": SITE} for sub in place.sub_centres}}
    units |= {team: {"parent": place.sub_centre(team)} for team in place.teams}
    said = {
        "site": SITE,
        "timezone": ZONE,
        "pbx": [{"name": PBX, "host": "127.0.0.1", "secret": "x"}],
        "queues": {kind.name: {"wrap_up_s": kind.wrap_up_s} for kind in QUEUES},
        "units": units,
        "policy": [{"from": date(1970, 1, 1), "schedules": True, "days_off": {"approve": "rule"}}],
    }
    return Site(Settings.model_validate(said), Written(Path("roster.csv"), roster_csv(people_of(place))))


def works_on(person: Colleague, day: date) -> bool:
    return day.toordinal() % 7 != person.rests_on


def shifts_csv(people: Iterable[Colleague], first: date, last: date) -> str:
    """As a planner writes them."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    lines = ("".join(_shifts(person, days)) for person in people)
    return "".join(["agent,day,start,end\n", *lines])


def _shifts(person: Colleague, days: Iterable[date]) -> Iterator[str]:
    midnight = datetime(2000, 1, 1, tzinfo=UTC)
    start, end = (f"{midnight + timedelta(seconds=s):%H:%M}" for s in (person.shift.starts_s, person.shift.ends_s))
    return (f"{person.agent},{day},{start},{end}\n" for day in days if works_on(person, day))
