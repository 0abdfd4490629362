"""Who is there for what, over time: the people that were imported, and what each of them is at a moment. Pure."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from ccd.org.people import ALL_UNITS, Duty, Office, Person, Role
from ccd.org.rights import SEES_THE_FLOOR, only_audits

WHOLE_PPM = 1_000_000

ShareOf = Callable[[str, date], int]  # an agent's of a full-time contract, in parts per million, on a day
Shares = tuple[
    tuple[date, int], ...
]  # of a full-time contract, in parts per million, each from a day on, in their order


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody, whatever they are there for. Before the first of the `shares` of a full-time contract it is all of
    it."""

    name: str = ""
    agent: str | None = None
    joined_on: date | None = None
    shares: Shares = ()


class HeldDuty(NamedTuple):
    """What a person is there for from one instant to another, µs, half-open; or, without an office, whose deputy."""

    person: str
    office: Office | None
    unit: str
    start: int
    end: int
    deputy_of: str = ""
    line: int = 0


class Staff:
    """The people of a site. Of none (`Staff()`) it is nobody's business who does what: whoever can, may."""

    def __init__(self, members: dict[str, StaffMember] | None = None, held: Iterable[HeldDuty] = ()) -> None:
        self._members = members or {}
        self._held: defaultdict[str, list[HeldDuty]] = defaultdict(list)
        for each in held:
            self._held[each.person].append(each)
        self._of_agent = {one.agent: one for one in self._members.values() if one.agent is not None}
        self._part_time = {agent: one.shares for agent, one in self._of_agent.items() if one.shares}

    def __bool__(self) -> bool:
        return bool(self._members)

    def knows(self, person: str) -> bool:
        """Whether somebody has said who that is; of nobody (`Staff()`) nothing was."""
        return not self or person in self._members

    def held_by(self, person: str) -> Sequence[HeldDuty]:
        """Whatever they were, are or will be there for; of whom nothing is said, nothing."""
        return tuple(self._held.get(person, ()))

    def duties(self, person: str, at: int) -> tuple[Duty, ...]:
        """The own, and those of whom the person stands in for then. A deputy's deputy is none."""
        return tuple(self._duties(person, at))

    def _duties(self, person: str, at: int) -> Iterator[Duty]:
        for each in self._own(person, at):
            if each.office is not None:
                yield Duty(each.office, each.unit)
                continue
            whose = self._members[each.deputy_of].agent
            for theirs in self._own(each.deputy_of, at):
                if theirs.office is not None:
                    yield Duty(theirs.office, theirs.unit, each.deputy_of, whose)

    def _own(self, person: str, at: int) -> Iterator[HeldDuty]:
        return (each for each in self._held.get(person, ()) if each.start <= at < each.end)

    def person(self, login: str, at: int, said: str = "") -> Person:
        """Who asks by command, as the machine knows them, at an instant, µs; `said` is how they are written down where
        nobody has said who is there for what. As long as nobody administers all units, whoever is there does: else
        nobody could ever say who does."""
        if not self:
            return Person(said or login, Role.SUPERVISOR, login, operates=True)
        found = self.signed_in(Person(login, Role.SUPERVISOR), at)
        if self.administrators(at) or only_audits(found):
            return found
        return replace(found, duties=(*found.duties, Duty(Office.ADMINISTRATOR, ALL_UNITS)))

    def signed_in(self, login: Person, at: int) -> Person:
        """Who signs in, as they are at an instant, µs: by what they are there for, where anybody has said that."""
        member = self._members.get(login.name) or StaffMember()
        duties, agent = self.duties(login.name, at), member.agent or login.agent
        if not self._held.get(login.name):
            # Who was there for something when they signed in, and is not by now, is left with nothing of it.
            return replace(login, agent=agent, units=() if login.duties else login.units, duties=())
        units = tuple(dict.fromkeys(duty.unit for duty in duties if duty.office in SEES_THE_FLOOR))
        role = Role.AGENT if agent is not None and not units else Role.SUPERVISOR
        return replace(login, role=role, agent=agent, units=units, duties=duties)

    def administrators(self, at: int) -> frozenset[str]:
        """Who administers all units at an instant, µs, for themselves and not as somebody's deputy."""
        return frozenset(each.person for each in self._of_all_units() if each.start <= at < each.end)

    def administers_longer_than(self, other: "Staff", since: int) -> frozenset[str]:
        """Who administers all units at some time from an instant on, µs, at which they do not by the others."""
        theirs = other._of_all_units()
        return frozenset(
            own.person
            for own in self._of_all_units()
            if own.end > since
            and not any(
                each.person == own.person and each.start <= max(own.start, since) and own.end <= each.end
                for each in theirs
            )
        )

    def _of_all_units(self) -> list[HeldDuty]:
        duties = chain.from_iterable(self._held.values())
        return [each for each in duties if each.office is Office.ADMINISTRATOR and each.unit == ALL_UNITS]

    def names_of(self, agent: str) -> frozenset[str]:
        """The people who are this agent: one, or nobody."""
        return frozenset(name for name, one in self._members.items() if one.agent == agent)

    def joined_on(self, agent: str) -> date | None:
        """None where nobody has said it."""
        member = self._of_agent.get(agent)
        return member.joined_on if member else None

    # --- part of the time ---------------------------------------------------------------------------------------------

    @property
    def shares(self) -> Mapping[str, Shares]:
        """By agent, of whom any was ever said."""
        return self._part_time

    def contract_ppm(self, agent: str, day: date) -> int:
        """Of a full-time contract on a day, which it is where nobody has said otherwise."""
        return share_on(self._part_time.get(agent, ()), day)

    def contract_ppm_of(self, agent: str, days: Sequence[date]) -> int:
        """Of some days together, each as much as another."""
        shares = self._part_time.get(agent)
        return sum(share_on(shares, day) for day in days) // len(days) if shares else WHOLE_PPM

    def part_time_on(self, agents: Container[str], day: date) -> dict[str, int]:
        """Of those among these agents who work part of the time, their share."""
        found = {agent: share_on(shares, day) for agent, shares in self._part_time.items() if agent in agents}
        return {agent: share for agent, share in found.items() if share != WHOLE_PPM}


def anybody(person: str) -> bool:
    """Nobody has said who there is."""
    return True


def whole_time(agent: str, day: date) -> int:
    """Nobody has said that anybody works less."""
    return WHOLE_PPM


def share_on(shares: Shares, day: date) -> int:
    held = bisect_right(shares, day, key=itemgetter(0))
    return shares[held - 1][1] if held else WHOLE_PPM
