"""Who is there for what, over time: the people that were imported, and what each of them is at a moment. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import NamedTuple

from ccd.org.people import ALL_UNITS, Duty, Office, Person, Role
from ccd.org.rights import SEES_THE_FLOOR

WHOLE_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody, whatever they are there for. `contract_ppm` is the share of a full-time contract."""

    name: str = ""
    agent: str | None = None
    joined_on: date | None = None
    contract_ppm: int = WHOLE_PPM


class Held(NamedTuple):
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

    def __init__(self, members: dict[str, Member] | None = None, held: Iterable[Held] = ()) -> None:
        self._members = members or {}
        self._held: defaultdict[str, list[Held]] = defaultdict(list)
        for each in held:
            self._held[each.person].append(each)
        self._of_agent = {one.agent: one for one in self._members.values() if one.agent is not None}

    def __bool__(self) -> bool:
        return bool(self._members)

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

    def _own(self, person: str, at: int) -> Iterator[Held]:
        return (each for each in self._held.get(person, ()) if each.start <= at < each.end)

    def person(self, login: str, at: int, said: str = "") -> Person:
        """Who asks by command, as the machine knows them, at an instant, µs; `said` is how they are written down where
        nobody has said who is there for what."""
        if not self:
            return Person(said or login, Role.SUPERVISOR, login, operates=True)
        return self.signed_in(Person(login, Role.SUPERVISOR), at)

    def signed_in(self, login: Person, at: int) -> Person:
        """Who signs in, as they are at an instant, µs: by what they are there for, where anybody has said that."""
        member = self._members.get(login.name) or Member()
        duties, agent = self.duties(login.name, at), member.agent or login.agent
        if not self._held.get(login.name):
            # Who was there for something when they signed in, and is not by now, is left with nothing of it.
            return replace(login, agent=agent, units=() if login.duties else login.units, duties=())
        units = tuple(dict.fromkeys(duty.unit for duty in duties if duty.office in SEES_THE_FLOOR))
        role = Role.AGENT if agent is not None and not units else Role.SUPERVISOR
        return replace(login, role=role, agent=agent, units=units, duties=duties)

    def administrators(self, at: int) -> frozenset[str]:
        """Who administers all units at an instant, µs, for themselves and not as somebody's deputy."""
        return frozenset(
            each.person
            for each in chain.from_iterable(self._held.values())
            if each.office is Office.ADMINISTRATOR and each.unit == ALL_UNITS and each.start <= at < each.end
        )

    def names_of(self, agent: str) -> frozenset[str]:
        """The people who are this agent: one, or nobody."""
        return frozenset(name for name, one in self._members.items() if one.agent == agent)

    def joined_on(self, agent: str) -> date | None:
        """None where nobody has said it."""
        member = self._of_agent.get(agent)
        return member.joined_on if member else None

    def contract_ppm(self, agent: str) -> int:
        """Of a full-time contract, which it is where nobody has said otherwise."""
        member = self._of_agent.get(agent)
        return member.contract_ppm if member else WHOLE_PPM
