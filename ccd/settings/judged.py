"""What a reason is judged by, from which business day on: as it stands, and as each of its changes says."""

from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

from ccd.floor.rules import ALWAYS
from ccd.settings.tree import Reason, ReasonChange


class ReasonJudged(NamedTuple):
    """Whether a pause counts, and how long one is exempt: in seconds, None without a limit."""

    policy: Literal["counts", "exempt"] = "counts"
    max_s: int | None = None
    max_s_day: int | None = None


COUNTS = ReasonJudged()  # what holds of a reason that nobody has configured


def judgements(reason: Reason) -> Iterator[tuple[date, ReasonJudged]]:
    """In the order of days; the first has always held, whatever the next says holds from its day on."""
    judged = ReasonJudged(reason.policy, reason.max_s, reason.max_s_day)
    yield ALWAYS, judged
    for change in sorted(reason.changes, key=lambda change: change.starts):
        judged = changed(judged, change)
        yield change.starts, judged


def changed(before: ReasonJudged, change: ReasonChange) -> ReasonJudged:
    """What is left out stays as it was; a reason that is made to count loses its limits."""
    policy = before.policy if change.policy is None else change.policy
    if policy == "counts":
        return ReasonJudged(policy, change.max_s, change.max_s_day)
    return ReasonJudged(
        policy,
        before.max_s if change.max_s is None else change.max_s,
        before.max_s_day if change.max_s_day is None else change.max_s_day,
    )


def judged_on(reason: Reason, day: date) -> ReasonJudged:
    return [judged for starts, judged in judgements(reason) if starts <= day][-1]
