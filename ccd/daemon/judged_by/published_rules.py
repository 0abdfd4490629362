"""Reasons, queues and floor rules as they were published: what days are judged by beside policies
(docs/time-bank.md 6). Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from pydantic import ValidationError

from ccd.org.proposed import AGREED, WAITING, Change
from ccd.settings import Floor, Queue, Reason, Settings
from ccd.settings.lines import dotted
from ccd.settings.shipped import REASONS as SHIPPED

FLOOR, QUEUES, REASONS = "floor", "queues", "reasons"
MODELS: Mapping[str, type[Floor] | type[Queue] | type[Reason]] = {FLOOR: Floor, QUEUES: Queue, REASONS: Reason}
# Of each table what judges; the rest of it is only shown, and needs nobody else.
JUDGES = {
    FLOOR: ("paused_in", "other_call_while_paused"),
    QUEUES: ("wrap_up_s", "counts"),
    REASONS: ("policy", "max_s", "max_s_day", "changes"),
}

Key = tuple[str, str]  # the table, and which of its kind: "" of the floor, of which there is one
Says = Floor | Queue | Reason


class PublishedRule(NamedTuple):
    """A table of the configuration, of which is left what judges; or, without it, that it says nothing of its own."""

    table: str
    of: str
    says: Says | None

    @property
    def key(self) -> Key:
        return self.table, self.of

    @property
    def dotted(self) -> str:
        return dotted(tuple(filter(None, self.key)))

    @property
    def name(self) -> str:
        return f"[{self.dotted}]" if self.says else f"that nothing is said in [{self.dotted}]"


class PublishedRules(NamedTuple):
    """All that was published of them, in the order in which it was decided."""

    changes: tuple[Change, ...] = ()

    @property
    def agreed(self) -> dict[Key, PublishedRule]:
        """Of each table what was agreed to last; empty where nothing was published yet: the floor always is."""
        return with_rules({}, self._rules(AGREED))

    def waits_as(self, rule: PublishedRule) -> Change | None:
        same = [each for each in self.changes if each.state == WAITING and rule_of(each) == rule]
        return same[-1] if same else None

    def _rules(self, state: str) -> Iterator[PublishedRule]:
        return (rule for each in self.changes if each.state == state and (rule := rule_of(each)))


def rules_of(settings: Settings) -> dict[Key, PublishedRule]:
    """What a configuration says otherwise than ccd does by itself; and of the floor."""
    found = [PublishedRule(FLOOR, "", settings.floor)]
    for table, given in ((QUEUES, settings.queues), (REASONS, settings.reasons)):
        found += [PublishedRule(table, name, _judging(table, says)) for name, says in given.items()]
    return {rule.key: rule for rule in found if rule.table == FLOOR or rule.says != _by_itself(*rule.key)}


def rule_differences(agreed: Mapping[Key, PublishedRule], wished: Mapping[Key, PublishedRule]) -> list[PublishedRule]:
    """What has to be published for the wished ones to hold."""
    found = [rule for key, rule in wished.items() if agreed.get(key) != rule]
    found += [rule._replace(says=None) for key, rule in agreed.items() if key not in wished]
    return sorted(found, key=lambda rule: rule.key)


def with_rules(rules: Mapping[Key, PublishedRule], more: Iterable[PublishedRule]) -> dict[Key, PublishedRule]:
    """These, once the others are agreed to."""
    held = dict(rules) | {rule.key: rule for rule in more}
    return {key: rule for key, rule in sorted(held.items()) if rule.says is not None}


def judged_by(settings: Settings, rules: Mapping[Key, PublishedRule]) -> Settings:
    """The same configuration, judging by these rules; what is only shown is as it says."""
    tables: dict[str, object] = {}
    for table in (QUEUES, REASONS):
        given: Mapping[str, Says] = getattr(settings, table)
        names = dict.fromkeys((*given, *(of for of_table, of in rules if of_table == table)))
        tables[table] = {name: _judged_by(given.get(name), table, name, rules) for name in names}
    floor = rules.get((FLOOR, ""))
    return settings.model_copy(update=tables | {FLOOR: floor.says if floor else Floor()})


def spelled_rule(rule: PublishedRule) -> str:
    judges = (
        None if rule.says is None else rule.says.model_dump(mode="json", by_alias=True, include=set(JUDGES[rule.table]))
    )
    return json.dumps({"table": rule.table, "of": rule.of, "says": judges}, ensure_ascii=False, sort_keys=True)


def rule_of(change: Change) -> PublishedRule | None:
    """None of what a later ccd has published in words that this one does not know."""
    said = json.loads(change.text)
    if said["table"] not in MODELS:
        return None
    try:
        says = None if said["says"] is None else MODELS[said["table"]].model_validate(said["says"])
    except ValidationError:
        return None
    return PublishedRule(said["table"], said["of"], says)


def _judging(table: str, says: Says) -> Says:
    kept = {name: getattr(says, name) for name in JUDGES[table]}
    if "changes" in kept:
        kept["changes"] = tuple(sorted(kept["changes"], key=lambda change: change.starts))
    return MODELS[table].model_validate(kept)


def _by_itself(table: str, name: str) -> Says:
    shipped = SHIPPED.get(name, {}) if table == REASONS else {}
    return _judging(table, MODELS[table].model_validate(dict(shipped)))


def _judged_by(given: Says | None, table: str, name: str, rules: Mapping[Key, PublishedRule]) -> Says:
    rule = rules.get((table, name))
    judging = rule.says if rule and rule.says else _by_itself(table, name)
    judges = {each: getattr(judging, each) for each in JUDGES[table]}
    return (given or MODELS[table]()).model_copy(update=judges)
