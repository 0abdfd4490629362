"""Settlement of a site; and as the daemon does it: by the policies of now, and whoever looks at an account is told."""

from collections.abc import Callable, Iterable
from datetime import date

from ccd.bank.fate import Settlement
from ccd.bank.measured import Measured
from ccd.bank.settle import Settler
from ccd.daemon.site import Current, Site
from ccd.ledger.books import Ledger


def settler_of(ledger: Ledger, site: Site, now: Callable[[], int]) -> Settler:
    """`now` gives µs since the epoch."""
    return Settler(ledger, site.policies, site.settings.site, lambda: site.units.site_day(now()))


class Settling:
    """`now` gives µs since the epoch; `tell` is told whose accounts are others."""

    def __init__(
        self, ledger: Ledger, current: Current, tell: Callable[[Iterable[str]], None], now: Callable[[], int]
    ) -> None:
        self._ledger, self._current, self._tell, self._now = ledger, current, tell, now
        self._centre = current.site.settings.site  # whose house accounts they are: another name takes a restart

    async def settle(self, measured: Iterable[Measured], dry_run: bool) -> Settlement:
        """Post, and tell the pages of those it concerns."""
        policies = self._current.site.policies
        settlement = await Settler(self._ledger, policies, self._centre, self._today).settle(measured, dry_run)
        if not dry_run and settlement.touched:
            self._tell(settlement.touched)
        return settlement

    def _today(self) -> date:
        return self._current.site.units.site_day(self._now())
