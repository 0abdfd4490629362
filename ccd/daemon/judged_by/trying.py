"""Policies tried on what has been: each day measured again by them, each account lived through again."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

from ccd.bank.accounts import agent_owner
from ccd.bank.fate import Settlement
from ccd.bank.lab import Tried, tried
from ccd.bank.measured import Measured
from ccd.daemon.site import Site
from ccd.history.close import Closer
from ccd.ledger.books import Ledger
from ccd.ledger.model import StatementLine

PAGE = 200
TRIED = ("policy", "reasons")  # of the other configuration; all else stays as it is


def trial_of(site: Site, other: Site) -> Site:
    """The site as it is, judged by the other's policies."""
    tried = {name: getattr(other.wished, name) for name in TRIED}
    return Site(site.settings.model_copy(update=tried), site.roster_said, site.organisation_said, site.people_said)


async def try_policies(
    ledger: Ledger,
    trial: Site,
    days: Iterable[tuple[date, str]],
    now: Callable[[], int],
    progress: Callable[[], object],
) -> list[Tried]:
    """What the accounts of those who had one of these days of units would be, by agent. Nothing is written.
    DayWaitsError where one is not over."""
    found: dict[str, list[Measured]] = defaultdict(list)

    async def collect(measured: Iterable[Measured], dry_run: bool) -> Settlement:
        for day in measured:
            found[day.agent].append(day)
        return Settlement()

    settings = trial.settings
    closer = Closer(
        ledger.engine, trial.measured_by, [pbx.name for pbx in settings.pbx], collect, now, settings.settle_wait_s_max
    )
    for day, unit in days:
        await closer.close(unit, day, dry_run=True)
        progress()
    return [tried(agent, await _statement(ledger, agent), found[agent], trial.policies) for agent in sorted(found)]


async def _statement(ledger: Ledger, agent: str) -> list[StatementLine]:
    """All of it, oldest first."""
    lines: list[StatementLine] = []
    before: int | None = None
    while True:
        page = await ledger.statement(agent_owner(agent), before, PAGE)
        lines += page.lines
        before = page.before
        if before is None:
            return lines[::-1]
