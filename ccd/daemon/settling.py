"""Settlement as the daemon does it: by the policies of now, and whoever looks at an account is told."""

from collections.abc import Iterable

import structlog

from ccd.bank.fate import Settlement
from ccd.bank.measured import Measured
from ccd.bank.settle import Settler
from ccd.daemon.site import Current
from ccd.ledger.books import Ledger
from ccd.live.store import AWAY, Store

log = structlog.get_logger("ccd.daemon")


class Settling:
    def __init__(self, ledger: Ledger, current: Current, store: Store) -> None:
        self._ledger, self._current, self._store = ledger, current, store
        self._centre = current.site.settings.site  # whose house accounts they are: another name takes a restart
        self._said_away = False

    async def settle(self, measured: Iterable[Measured], dry_run: bool) -> Settlement:
        """Post, and tell the pages of those it concerns."""
        policies = self._current.site.policies
        settlement = await Settler(self._ledger, policies, self._centre).settle(measured, dry_run)
        if not dry_run and settlement.touched:
            await self._announce(settlement.touched)
        return settlement

    async def _announce(self, agents: Iterable[str]) -> None:
        """Open pages ask for their account again. Where Redis is away they do it when they are next looked at."""
        try:
            await self._store.announce(agents)
            self._said_away = False
        except AWAY as error:
            if not self._said_away:
                log.warning("open pages were not told of the settlement", error=str(error))
            self._said_away = True
