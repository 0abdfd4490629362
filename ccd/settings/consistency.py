"""What no single setting can tell: names given twice, names of what is not there, settings that exclude each other."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ccd.settings.judged import judged_on
from ccd.settings.lines import Keys
from ccd.settings.tree import Reason, Settings

Contradiction = tuple[Keys, str]

LIMITS_NOTHING = 'limits exempt time: set policy = "exempt", or leave it out'


def contradictions(settings: Settings) -> Iterator[Contradiction]:
    yield from _switches(settings)
    yield from _webhooks(settings)
    yield from _reasons(settings)
    yield from _orders(settings)
    yield from _policies(settings)
    yield from _units(settings)


def _switches(settings: Settings) -> Iterator[Contradiction]:
    seen: set[str] = set()
    logs: set[Path] = set()
    for index, pbx in enumerate(settings.pbx):
        if pbx.name in seen:
            yield ("pbx", index, "name"), f"{pbx.name!r} is the name of another [[pbx]]; each needs its own"
        seen.add(pbx.name)
        if pbx.queue_log in logs:  # no line says of which switch it is
            yield ("pbx", index, "queue_log"), f"'{pbx.queue_log}' is that of another [[pbx]]; each needs its own"
        logs |= {pbx.queue_log} if pbx.queue_log else set()
        if pbx.secret is None and pbx.secret_file is None:
            yield ("pbx", index, "secret"), "is missing; give it here, or the file that holds it as secret_file"
        if pbx.secret is not None and pbx.secret_file is not None:
            yield ("pbx", index, "secret_file"), "stands beside secret; give one of them"
        if pbx.reconnect_delay_s_min > pbx.reconnect_delay_s_max:
            least = pbx.reconnect_delay_s_min
            yield ("pbx", index, "reconnect_delay_s_max"), f"allowed: not below reconnect_delay_s_min, {least}"


def _webhooks(settings: Settings) -> Iterator[Contradiction]:
    seen: set[str] = set()
    for index, hook in enumerate(settings.webhook):
        if hook.name in seen:
            yield ("webhook", index, "name"), f"{hook.name!r} is the name of another [[webhook]]; each needs its own"
        seen.add(hook.name)


def _reasons(settings: Settings) -> Iterator[Contradiction]:
    for name, reason in settings.reasons.items():
        for key in ("max_s", "max_s_day"):
            if reason.policy == "counts" and getattr(reason, key) is not None:
                yield ("reasons", name, key), LIMITS_NOTHING
        yield from _changes(name, reason)


def _orders(settings: Settings) -> Iterator[Contradiction]:
    if settings.orders.reason not in settings.reasons:
        allowed = ", ".join(settings.reasons)
        yield ("orders", "reason"), f"{settings.orders.reason!r} is no reason of [reasons]; allowed: {allowed}"


def _changes(name: str, reason: Reason) -> Iterator[Contradiction]:
    seen: set[date] = set()
    for index, change in enumerate(reason.changes):
        keys = ("reasons", name, "changes", index)
        if change.starts in seen:
            problem = f"another change of {name} holds from {change.starts}; each needs its own day"
            yield (*keys, "from"), problem
        seen.add(change.starts)
        if change.policy is None and change.max_s is None and change.max_s_day is None:
            yield keys, "changes nothing; give policy, max_s or max_s_day"
        for key in ("max_s", "max_s_day"):
            if judged_on(reason, change.starts).policy == "counts" and getattr(change, key) is not None:
                yield (*keys, key), LIMITS_NOTHING


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
        # Without any units here they may have been imported: whoever reads both says what is not among those.
        if policy.unit and settings.units and policy.unit not in settings.units:
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
    return f"allowed: {', '.join(settings.units)}"
