"""The shares of a full contract that were applied last, kept beside the state: by them days without a shift are
shorter, and those of before are measured anew where somebody says otherwise now (docs/time-bank.md 7)."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from ccd.daemon.judged_by.notes import UNREADABLE, Note
from ccd.daemon.site import Site
from ccd.org.staff import Shares, share_on

FILE = "shares.applied.json"


class AppliedShares:
    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def changed_since(self, site: Site) -> int | None:
        """The first instant, µs, from which somebody's share is another; None where nobody's is, where no day goes by
        it, or where none was applied before. What can't be read any more may have said anything."""
        if not self._file.exists() or not site.policies.any_goes_by_shares:
            return None
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            before = {
                agent: tuple((date.fromisoformat(day), ppm) for day, ppm in shares) for agent, shares in kept.items()
            }
        except UNREADABLE:
            return 0
        first = first_differing(before, site.staff.shares)
        if first is None:
            return None
        return 0 if first == date.min else site.first_start(first)

    def note(self, site: Site) -> Note:
        said = {agent: [[day.isoformat(), ppm] for day, ppm in own] for agent, own in site.staff.shares.items()}
        return Note(self._file, json.dumps(said, ensure_ascii=False, sort_keys=True) + "\n")


def first_differing(before: Mapping[str, Shares], now: Mapping[str, Shares]) -> date | None:
    """The first day on which somebody's share is another; None where nobody's is on any."""
    days = []
    for agent in before.keys() | now.keys():
        one, other = before.get(agent, ()), now.get(agent, ())
        days += [day for day, _ in (*one, *other) if share_on(one, day) != share_on(other, day)]
    return min(days, default=None)
