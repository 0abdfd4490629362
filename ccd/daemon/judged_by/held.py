"""What days are judged by, version by version: each reason, and each unit's policy. Pure.

Days that are over keep their meaning by one rule: a version that has held on some day says the same for ever. What is
to be judged otherwise is a new version, with the day from which it holds; where that day is over already, the days
since then are measured anew, because a person has said so. What only is to come may be edited.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import chain
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from ccd.floor.rules import ALWAYS
from ccd.settings import Policy, Settings
from ccd.settings.judged import COUNTS, ReasonJudged, judgements

# Of a policy: no day's worth.
NOT_SETTLED_BY = frozenset((
    "starts", "unit", "expected_base_s", "expires_after_months", "loan", "full_attendance", "gift", "days_off",
    "overtime", "rulings",
))  # fmt: skip

Judging = dict[str, Any]  # by the names of the settings; as JSON keeps it


class HeldVersion(NamedTuple):
    """What holds from a business day on until the next version does."""

    starts: date
    judging: Judging


class Held(NamedTuple):
    """All versions: by reason, and by unit ("": of all that have no policy of their own), in the order of days."""

    reasons: Mapping[str, tuple[HeldVersion, ...]]
    policies: Mapping[str, tuple[HeldVersion, ...]]


class Edit(NamedTuple):
    """A version that has held, and says something else now, or is gone: which (of a reason, or of a unit's policy)."""

    reason: str | None
    unit: str
    version: HeldVersion  # as it held
    instead: HeldVersion  # what would hold now


def held_by_settings(settings: Settings) -> Held:
    reasons = {
        name: tuple(HeldVersion(starts, judged._asdict()) for starts, judged in judgements(reason))
        for name, reason in settings.reasons.items()
    }
    policies: dict[str, list[HeldVersion]] = {}
    for policy in sorted(settings.policy, key=lambda policy: policy.starts):
        policies.setdefault(policy.unit or "", []).append(HeldVersion(policy.starts, _settling(policy)))
    return Held(reasons, {unit: tuple(versions) for unit, versions in policies.items()})


def held_from(kept: Any) -> Held:
    """What an earlier program, or a later one, has written. A setting that it did not know had its default then, and
    one that we don't know judges nothing here. ValueError, TypeError, AttributeError or LookupError where it is no such
    thing."""
    reasons = {
        name: _in_order(HeldVersion(date.fromisoformat(starts), _as_reason(judging)) for starts, judging in versions)
        for name, versions in kept["reasons"].items()
    }
    policies = {
        unit: _in_order(HeldVersion(date.fromisoformat(starts), _as_policy(judging)) for starts, judging in versions)
        for unit, versions in kept["policies"].items()
    }
    if any(versions[0].starts != ALWAYS for versions in (*reasons.values(), policies[""])):
        raise ValueError("nothing judges the first days")
    return Held(reasons, policies)


def edits(before: Held, after: Held, today: date) -> Iterator[Edit]:
    """The first day of each reason, and of each policy, that is judged otherwise without a new version that says so."""
    for reason in sorted(before.reasons.keys() | after.reasons.keys()):
        old, new = (_of_reason(held, reason) for held in (before, after))
        if edit := _edit(old, new, {version.starts for version in old}, today):
            yield Edit(reason, "", *edit)
    known = {(unit, version.starts) for unit, versions in before.policies.items() for version in versions}
    for unit in sorted({"", *before.policies, *after.policies}):
        old, new = (_of_unit(held, unit) for held in (before, after))
        own = {version.starts for version in new if (_whose(after, unit, version), version.starts) in known}
        edit = _edit(old, new, own, today)
        if edit and (not unit or _whose(before, unit, edit[0]) or _whose(after, unit, edit[1])):
            yield Edit(None, unit, *edit)  # where it is that of all units, it has been said


def judged_otherwise_since(before: Held, after: Held) -> date | None:
    """The first business day on which the two judge something differently; None where they never do."""
    days: list[date] = []
    for reason in before.reasons.keys() | after.reasons.keys():
        days += _differing(_of_reason(before, reason), _of_reason(after, reason))
    for unit in {"", *before.policies, *after.policies}:
        days += _differing(_of_unit(before, unit), _of_unit(after, unit))
    return min(days, default=None)


def _edit(
    old: tuple[HeldVersion, ...], new: tuple[HeldVersion, ...], known: set[date], today: date
) -> tuple[HeldVersion, HeldVersion] | None:
    for day in sorted(_differing(old, new)):
        version, instead = _on(old, day), _on(new, day)
        if day <= today and (instead.starts == ALWAYS or instead.starts in known):
            return version, instead
    return None


def _differing(old: tuple[HeldVersion, ...], new: tuple[HeldVersion, ...]) -> list[date]:
    """Of the days on which something begins to hold, those that the two judge differently."""
    days = {version.starts for version in chain(old, new)}
    return [day for day in days if _on(old, day).judging != _on(new, day).judging]


def _on(versions: tuple[HeldVersion, ...], day: date) -> HeldVersion:
    return [version for version in versions if version.starts <= day][-1]


def _of_reason(held: Held, reason: str) -> tuple[HeldVersion, ...]:
    return held.reasons.get(reason) or (HeldVersion(ALWAYS, COUNTS._asdict()),)


def _of_unit(held: Held, unit: str) -> tuple[HeldVersion, ...]:
    """The unit's own, and before the first of them those of all units."""
    own = held.policies.get(unit, ())
    return tuple(v for v in held.policies[""] if not own or v.starts < own[0].starts) + own if unit else own


def _whose(held: Held, unit: str, version: HeldVersion) -> str:
    return unit if version in held.policies.get(unit, ()) else ""


def _in_order(versions: Iterable[HeldVersion]) -> tuple[HeldVersion, ...]:
    given = tuple(versions)
    starts = [version.starts for version in given]
    if not starts or starts != sorted(set(starts)):
        raise ValueError("versions have to follow each other")
    return given


def _as_reason(judging: Judging) -> Judging:
    known = {key: value for key, value in judging.items() if key in ReasonJudged._fields}
    return TypeAdapter(ReasonJudged).validate_python(known)._asdict()


def _as_policy(judging: Judging) -> Judging:
    known = {key: value for key, value in judging.items() if key in Policy.model_fields.keys() - NOT_SETTLED_BY}
    return _settling(Policy.model_validate(known))


def _settling(policy: Policy) -> Judging:
    """What of a policy a day is settled by."""
    return policy.model_dump(mode="json", exclude=set(NOT_SETTLED_BY))
