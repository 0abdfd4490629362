"""Settlement as the daemon does it: by the policies of now, and whoever looks at an account is told."""

from collections.abc import Callable, Iterable
from datetime import date

import structlog

from ccd.bank.fate import Settlement
from ccd.bank.measured import Measured
from ccd.bank.settle import Settler
from ccd.daemon.site import Current
from ccd.ledger.books import Ledger
from ccd.live.store import AWAY, Store

log = structlog.get_logger("ccd.daemon")


class Settling:
    """`now` gives µs since the epoch."""

    def __init__(self, ledger: Ledger, current: Current, store: Store, now: Callable[[], int]) -> None:
        self._ledger, self._current, self._store, self._now = ledger, current, store, now
        self._centre = current.site.settings.site  # whose house accounts they are: another name takes a restart
        self._said_away = False

    async def settle(self, measured: Iterable[Measured], dry_run: bool) -> Settlement:
        """Post, and tell the pages of those it concerns."""
        policies = self._current.site.policies
        settlement = await Settler(self._ledger, policies, self._centre, self._today).settle(measured, dry_run)
        if not dry_run and settlement.touched:
            await self.announce(settlement.touched)
        return settlement

    def _today(self) -> date:
        return self._current.site.units.days("").at(self._now()).day

    async def announce(self, agents: Iterable[str]) -> None:
        """Open pages ask for their account again. Where Redis is away they do it when they are next looked at."""
        try:
            await self._store.announce(agents)
            self._said_away = False
        except AWAY as error:
            if not self._said_away:
                log.warning("open pages were not told of the settlement", error=str(error))
            self._said_away = True
