"""What the configuration says days are judged by and nobody has published: what it would do, and its publication
(docs/time-bank.md 6)."""

from collections.abc import Callable, Collection
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection

from ccd.bank.asking import Asking
from ccd.daemon.judged_by.effects import Days, Effect, days_to_try, effect_of_policy, effect_of_rule, units_judged
from ccd.daemon.judged_by.imported import imported
from ccd.daemon.judged_by.published import PolicyVersion
from ccd.daemon.judged_by.published_rules import PublishedRule
from ccd.daemon.judged_by.publishing import as_proposed, check_not_edited, publish
from ccd.daemon.site import Site
from ccd.errors import ChangeError
from ccd.ledger.books import Ledger
from ccd.org.proposed import Change, change_with_act
from ccd.sql.turns import read_in_turn


class Unpublished(NamedTuple):
    """A version of a policy or a rule, with what it would have done, or with why it can't be published; `digest` is
    that of its text, as a change has it."""

    version: PolicyVersion | PublishedRule
    effect: Effect | None
    refused: ChangeError | None = None

    @property
    def kind(self) -> str:
        return as_proposed(self.version, "", {}).kind

    @property
    def text(self) -> str:
        return as_proposed(self.version, "", {}).text

    @property
    def digest(self) -> str:
        return digest_of(self.version)


def unpublished(site: Site) -> list[PolicyVersion | PublishedRule]:
    """But for what waits for somebody to agree."""
    return [one for one in site.published.lacks(site.wished) if not site.published.waits_as(one)]


def digest_of(version: PolicyVersion | PublishedRule) -> str:
    return sha256(as_proposed(version, "", {}).text.encode()).hexdigest()


async def effect_of_version(
    ledger: Ledger,
    site: Site,
    version: PolicyVersion | PublishedRule,
    span: Days | None,
    now: Callable[[], int],
    show: Callable[[int, int], None] = lambda done, of: None,
) -> Effect:
    """What it would have done on the settled days of a span, or on the newest; `show` hears how many of them are done.
    ChangeError where it says otherwise what has held, DayWaitsError where a day is not over."""
    check_not_edited(site, site.published, version, now())
    units = site.rostered_units if isinstance(version, PublishedRule) else units_judged(site, version)
    days = await days_to_try(ledger, units, span)
    done = iter(range(1, len(days) + 1))

    def progress() -> None:
        show(next(done), len(days))

    if isinstance(version, PublishedRule):
        return await effect_of_rule(ledger, site, version, days, now, progress)
    return await effect_of_policy(ledger, site, version, days, now, progress)


class Publishing:
    """For one site at a time, whose configuration `site_of` gives as it was read last. `now` in µs since the epoch."""

    def __init__(self, ledger: Ledger, site_of: Callable[[], Site], now: Callable[[], int]) -> None:
        self._ledger, self._site_of, self._now = ledger, site_of, now

    async def shown(self, span: Days | None) -> list[Unpublished]:
        """All of them: one that can't be published keeps nobody from the others."""
        site = await self._site()
        return [await self._shown(site, one, span) for one in unpublished(site)]

    async def _shown(self, site: Site, one: PolicyVersion | PublishedRule, span: Days | None) -> Unpublished:
        try:
            return Unpublished(one, await effect_of_version(self._ledger, site, one, span, self._now))
        except ChangeError as error:
            return Unpublished(one, None, error)

    async def publish(self, asking: Asking, digests: Collection[str], span: Days | None, why: str) -> list[Change]:
        """Those that were read, by their digests. Asked again by the same act, those that it published. ChangeError
        where one of them is not what the configuration says by now."""
        if before := await read_in_turn(
            self._ledger.engine, lambda plain: published_by(plain, asking.act, len(digests))
        ):
            return before
        site = await self._site()
        wanted = {digest_of(one): one for one in unpublished(site)}
        for digest in digests:
            if digest not in wanted:
                found = "is nothing that the configuration says and nobody has published; read anew what is"
                raise ChangeError(f"of {digest}", found, "change-faults")
        shown = [
            (wanted[one], await effect_of_version(self._ledger, site, wanted[one], span, self._now)) for one in digests
        ]
        return await publish(self._ledger.engine, site, asking, shown, why)

    async def _site(self) -> Site:
        """With what was published by now: what waits is taken over by no reload."""
        held, site = await imported(self._ledger.engine), self._site_of()
        return Site(site.wished, site.roster_said, site.organisation_said, site.people_said, held.published)


def published_by(connection: Connection, act: str, most: int) -> list[Change]:
    """By an act that published so many at most."""
    found = (change_with_act(connection, f"{act}/{count}") for count in range(1, most + 1))
    return [change for change in found if change is not None]
