"""Policies, and beside them rules, as they were published: what was agreed to holds, and what the configuration says
otherwise waits for it (docs/time-bank.md 6). Pure."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from pydantic import ValidationError

from ccd.daemon.judged_by.published_rules import PublishedRule, PublishedRules, judged_by, rule_differences, rules_of
from ccd.floor.rules import ALWAYS
from ccd.org.proposed import AGREED, POLICY, WAITING, Change, Proposed
from ccd.settings import Policy, Settings

Key = tuple[str, date]  # the unit, or "" of all that have none of their own; from which day on it holds


class PolicyVersion(NamedTuple):
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
    """All that was published, as ccd.org.proposed tells it: policies in the order in which they were decided, and the
    rules."""

    changes: tuple[Change, ...] = ()
    rules: PublishedRules = PublishedRules()

    @property
    def number(self) -> int:
        """Another one as soon as somebody has agreed to something: a running daemon takes it over then."""
        both = (*self.changes, *self.rules.changes)
        return sum(1 for change in both if change.state == AGREED and not change.by_itself)

    @property
    def before_the_newest(self) -> "Published":
        """Without what somebody has agreed to last."""
        both = (*self.changes, *self.rules.changes)
        ended = (each for each in both if each.state == AGREED and not each.by_itself)
        newest = max(ended, key=lambda each: each.decided_at or 0, default=None)
        policies, rules = (
            tuple(each for each in some if each is not newest) for some in (self.changes, self.rules.changes)
        )
        return Published(policies, PublishedRules(rules))

    @property
    def agreed(self) -> tuple[Policy, ...]:
        """Of each unit and day what was agreed to last; empty where nothing was published yet."""
        return with_versions((), self._versions(AGREED))

    def held(self, settings: Settings) -> Settings:
        """A configuration with what was agreed to in place of what it says of that itself."""
        if agreed := self.agreed:
            settings = settings.model_copy(update={"policy": agreed})
        return judged_by(settings, rules) if (rules := self.rules.agreed) else settings

    def lacks(self, settings: Settings) -> "list[PolicyVersion | PublishedRule]":
        """What has to be published for all that it says to hold."""
        return [*differences(self.agreed, settings.policy), *rule_differences(self.rules.agreed, rules_of(settings))]

    def waits_as(self, version: "PolicyVersion | PublishedRule") -> Change | None:
        """What was published of it, and waits for somebody to agree."""
        if isinstance(version, PublishedRule):
            return self.rules.waits_as(version)
        same = [each for each in self.changes if each.state == WAITING and version_of(each) == version]
        return same[-1] if same else None

    def waits_instead(self, said: Proposed) -> list[Change]:
        """What waits of the same table, or the same unit and day, and says something else: it is not meant any more."""
        about = _about(said)
        waiting = (each for each in (*self.changes, *self.rules.changes) if each.state == WAITING)
        return [each for each in waiting if _about(each) == about and each.text != said.text]

    def _versions(self, state: str) -> Iterable[PolicyVersion]:
        return (version for each in self.changes if each.state == state and (version := version_of(each)))


NOTHING_PUBLISHED = Published()


def _about(said: Proposed | Change) -> tuple[str, str, str]:
    return said.kind, said.subject, json.loads(said.text)["from"] if said.kind == POLICY else ""


def versions(policies: Iterable[Policy]) -> dict[Key, PolicyVersion]:
    return {(one.unit or "", one.starts): PolicyVersion(one.unit or "", one.starts, one) for one in policies}


def differences(agreed: Iterable[Policy], wished: Iterable[Policy]) -> list[PolicyVersion]:
    """What has to be published for the wished ones to hold, by unit and day."""
    old, new = versions(agreed), versions(wished)
    found = [each for key, each in new.items() if old.get(key) != each]
    found += [each._replace(policy=None) for key, each in old.items() if key not in new]
    return sorted(found, key=lambda each: each.key)


def with_versions(policies: Iterable[Policy], more: Iterable[PolicyVersion]) -> tuple[Policy, ...]:
    """These, once the others are agreed to."""
    held = versions(policies) | {each.key: each for each in more}
    return tuple(each.policy for _, each in sorted(held.items()) if each.policy is not None)


def waiting_said(agreed: "Published", held: Settings, wished: Settings) -> Iterable[str]:
    """What of the configuration does not hold, a line each: for whom it waits, and which command ends that."""
    versions: list[PolicyVersion | PublishedRule] = [*differences(held.policy, wished.policy)]
    for version in (*versions, *rule_differences(rules_of(held), rules_of(wished))):
        if (change := agreed.waits_as(version)) is None:
            yield f"{version.name} does not hold: it is not published. `ccd policy publish` does that"
        else:
            yield (
                f"{version.name} does not hold yet: {change.by} published it; it waits for another administrator of "
                f"all units. `ccd policy agree {change.number}` lets it hold"
            )


def policy_spelled(version: PolicyVersion) -> str:
    said = {"unit": version.unit or None, "from": version.starts.isoformat()}
    if version.policy is None:
        return json.dumps(said | {"gone": True})
    return json.dumps(version.policy.model_dump(mode="json", by_alias=True), ensure_ascii=False, sort_keys=True)


def version_of(change: Change) -> PolicyVersion | None:
    """None of what a later ccd has published in words that this one does not know."""
    said: Mapping[str, object] = json.loads(change.text)
    unit, starts = str(said["unit"] or ""), date.fromisoformat(str(said["from"]))
    if "gone" in said:
        return PolicyVersion(unit, starts, None)
    try:
        return PolicyVersion(unit, starts, Policy.model_validate(said))
    except ValidationError:
        return None
