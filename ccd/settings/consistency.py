"""What no single setting can tell: names given twice, and names of what is not there."""

from collections.abc import Iterator

from ccd.settings.lines import Keys
from ccd.settings.tree import Settings

Contradiction = tuple[Keys, str]


def contradictions(settings: Settings) -> Iterator[Contradiction]:
    yield from _names_twice(settings)
    yield from _policies(settings)
    yield from _units(settings)


def _names_twice(settings: Settings) -> Iterator[Contradiction]:
    seen: set[str] = set()
    for index, pbx in enumerate(settings.pbx):
        if pbx.name in seen:
            yield ("pbx", index, "name"), f"{pbx.name!r} is the name of another [[pbx]]; each needs its own"
        seen.add(pbx.name)


def _policies(settings: Settings) -> Iterator[Contradiction]:
    seen: set[tuple[str | None, object]] = set()
    for index, policy in enumerate(settings.policy):
        whose = f"unit {policy.unit}" if policy.unit else "all units"
        if (policy.unit, policy.starts) in seen:
            yield (
                ("policy", index, "from"),
                f"another policy of {whose} holds from {policy.starts}; each needs its own day",
            )
        seen.add((policy.unit, policy.starts))
        if policy.unit and policy.unit not in settings.units:
            yield ("policy", index, "unit"), f"{policy.unit!r} is no unit; {_allowed_units(settings)}"


def _units(settings: Settings) -> Iterator[Contradiction]:
    for name, unit in settings.units.items():
        if unit.parent is not None and unit.parent not in settings.units:
            yield ("units", name, "parent"), f"{unit.parent!r} is no unit; {_allowed_units(settings)}"
        elif _is_above_itself(settings, name):
            yield ("units", name, "parent"), "the unit stands above itself; units are a tree"


def _is_above_itself(settings: Settings, name: str) -> bool:
    above = settings.units[name].parent
    for _ in settings.units:
        if above is None or above not in settings.units:
            return False
        if above == name:
            return True
        above = settings.units[above].parent
    return False  # a circle further up, which its own units report


def _allowed_units(settings: Settings) -> str:
    return f"allowed: {', '.join(settings.units)}" if settings.units else "no [units.NAME] is configured"
