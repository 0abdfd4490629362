"""Whoever asks for an act: by command, with every right there is, or somebody with duties."""

import itertools

from ccd.bank.asking import Asking
from ccd.org.people import Duty, Office, Person, Role

NUMBERS = itertools.count(1)


def asking(name: str = "lead", *duties: Duty, agent: str | None = None, at: int = 7) -> Asking:
    person = Person(name, Role.SUPERVISOR, agent, ("*",), duties, operates=not duties)
    return Asking(f"act-{next(NUMBERS)}", person, "desk-7", at)


def manager_of(*units: str) -> tuple[Duty, ...]:
    return tuple(Duty(Office.HOTLINE_MANAGER, unit) for unit in units)
