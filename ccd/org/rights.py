"""What a person may see: the one place that says so (docs/time-bank.md 6). Pure."""

from collections.abc import Callable, Iterable

from ccd.errors import NotAllowedError
from ccd.org.people import ALL_UNITS, Person, Role

WithBelow = Callable[[Iterable[str]], frozenset[str]]  # ccd.org.units.Units.with_below


def floor_units(person: Person, asked: Iterable[str] | None, with_below: WithBelow) -> frozenset[str] | None:
    """The units whose floor is shown to `person`, of those asked for (None: all of the person's own).

    None as an answer is every unit, unrostered agents included. NotAllowedError names what is not the person's.
    """
    if person.role is not Role.SUPERVISOR:
        raise NotAllowedError(person.name, "the floor", "agents see their own page")
    wanted = None if asked is None else frozenset(asked)
    if ALL_UNITS in person.units:
        return wanted
    own = with_below(person.units)
    if wanted is None:
        return own
    if foreign := sorted(wanted - own):
        raise NotAllowedError(person.name, f"the floor of {', '.join(foreign)}", "ask for units of your own")
    return wanted


def led_units(person: Person, with_below: WithBelow, known: Iterable[str]) -> list[str]:
    """The units that a person may look at, by name: those they lead and all below; `known` are all there are."""
    return sorted(known) if ALL_UNITS in person.units else sorted(with_below(person.units))


def may_import(person: Person) -> None:
    """Who sits where concerns every unit: it is read, and said, by whoever leads all of them."""
    if person.role is not Role.SUPERVISOR or ALL_UNITS not in person.units:
        raise NotAllowedError(person.name, "the roster", "it is for whoever leads all units")


def own_agent(person: Person) -> str:
    """The agent whose page and account are this person's own; nobody reads another's."""
    if person.role is not Role.AGENT or person.agent is None:
        raise NotAllowedError(person.name, "an agent's page", "sign in as an agent")
    return person.agent
