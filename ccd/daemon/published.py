"""Policies as they were published: what was agreed to holds, and what the configuration says otherwise waits for it
(docs/time-bank.md 6). Pure."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from pydantic import ValidationError

from ccd.floor.rules import ALWAYS
from ccd.org.proposed import AGREED, WAITING, Change
from ccd.settings import Policy

Key = tuple[str, date]  # the unit, or "" of all that have none of their own; from which day on it holds


class Version(NamedTuple):
    """A policy of the configuration; or, without one, that there is none any more from that day on."""

    unit: str
    starts: date
    policy: Policy | None

    @property
    def key(self) -> Key:
        return self.unit, self.starts

    @property
    def name(self) -> str:
        what = "the policy of" if self.policy else "that there is no policy of"
        since = "" if self.starts == ALWAYS else f" from {self.starts}"
        return f"{what} {self.unit or 'every unit'}{since}"


class Published(NamedTuple):
    """All that was published, as ccd.org.proposed tells it: in the order in which it was decided."""

    changes: tuple[Change, ...] = ()

    @property
    def number(self) -> int:
        """Another one as soon as somebody has agreed to something: a running daemon takes it over then."""
        return sum(1 for change in self.changes if change.state == AGREED and not change.by_itself)

    @property
    def agreed(self) -> tuple[Policy, ...]:
        """Of each unit and day what was agreed to last; empty where nothing was published yet."""
        return with_versions((), self._versions(AGREED))

    def waits_as(self, version: Version) -> Change | None:
        """What was published of it, and waits for somebody to agree."""
        same = [each for each in self.changes if each.state == WAITING and version_of(each) == version]
        return same[-1] if same else None

    def _versions(self, state: str) -> Iterable[Version]:
        return (version for each in self.changes if each.state == state and (version := version_of(each)))


NOTHING_PUBLISHED = Published()


def versions(policies: Iterable[Policy]) -> dict[Key, Version]:
    return {(one.unit or "", one.starts): Version(one.unit or "", one.starts, one) for one in policies}


def differences(agreed: Iterable[Policy], wished: Iterable[Policy]) -> list[Version]:
    """What has to be published for the wished ones to hold, by unit and day."""
    old, new = versions(agreed), versions(wished)
    found = [each for key, each in new.items() if old.get(key) != each]
    found += [each._replace(policy=None) for key, each in old.items() if key not in new]
    return sorted(found, key=lambda each: each.key)


def with_versions(policies: Iterable[Policy], more: Iterable[Version]) -> tuple[Policy, ...]:
    """These, once the others are agreed to."""
    held = versions(policies) | {each.key: each for each in more}
    return tuple(each.policy for _, each in sorted(held.items()) if each.policy is not None)


def waiting_said(agreed: "Published", held: Iterable[Policy], wished: Iterable[Policy]) -> Iterable[str]:
    """What of the configuration does not hold, a line each: for whom it waits, and which command ends that."""
    for version in differences(held, wished):
        if (change := agreed.waits_as(version)) is None:
            yield f"{version.name} does not hold: it is not published. `ccd policy publish` does that"
        else:
            yield (
                f"{version.name} does not hold yet: {change.by} published it; it waits for another administrator of "
                f"all units. `ccd policy agree {change.number}` lets it hold"
            )


def spelled(version: Version) -> str:
    said = {"unit": version.unit or None, "from": version.starts.isoformat()}
    if version.policy is None:
        return json.dumps(said | {"gone": True})
    return json.dumps(version.policy.model_dump(mode="json", by_alias=True), ensure_ascii=False, sort_keys=True)


def version_of(change: Change) -> Version | None:
    """None of what a later ccd has published in words that this one does not know."""
    said: Mapping[str, object] = json.loads(change.text)
    unit, starts = str(said["unit"] or ""), date.fromisoformat(str(said["from"]))
    if "gone" in said:
        return Version(unit, starts, None)
    try:
        return Version(unit, starts, Policy.model_validate(said))
    except ValidationError:
        return None
