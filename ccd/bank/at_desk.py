"""What services do alike at the ledger's desk: accounts opened before, balances and transfers read under lock, and the
month in which counts what comes late (docs/time-bank.md 4)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date

from sqlalchemy import select

from ccd.bank.accounts import AGENT_ACCOUNTS, BALANCE_KINDS, HOUSE_ACCOUNTS, LEAVE, House, agent_owner
from ccd.bank.asking import Asking
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Account, Kept, Late, Moved, PostingState
from ccd.ledger.schema import entries, transactions
from ccd.org.acts import FOR


async def open_agent_accounts(ledger: Ledger, site: str, agents: Iterable[str], by: str) -> None:
    """The house's and the agents'; in turns of their own, so that what is posted finds them whatever becomes of it."""
    await ledger.open_accounts([House.of(site).owner], HOUSE_ACCOUNTS, site, by)
    await ledger.open_accounts([agent_owner(agent) for agent in agents], AGENT_ACCOUNTS, site, by)


def balances_at_desk(desk: Desk, owners: Iterable[str]) -> dict[str, dict[str, int]]:
    """By owner and kind, what can be taken, and what is owed, in seconds; under lock."""
    wanted = sorted(owners)
    found: dict[str, dict[str, int]] = {owner: {} for owner in wanted}
    for (owner, kind), seconds in desk.balances(
        [Account(owner, kind) for owner in wanted for kind in (*BALANCE_KINDS, LEAVE)]
    ).items():
        found[owner][kind] = seconds
    return found


def by_owner(moved: Iterable[Moved], owners: Collection[str]) -> dict[str, list[Moved]]:
    """A transfer between two of them stands with both; who has none is asked for in vain, and gets an empty list."""
    found: dict[str, list[Moved]] = defaultdict(list)
    for one in moved:
        for owner in {one.debit.owner, one.credit.owner}.intersection(owners):
            found[owner].append(one)
    return found


def by_owner_and_day(moved: Iterable[Moved], owners: Collection[str]) -> dict[tuple[str, date], list[Moved]]:
    found: dict[tuple[str, date], list[Moved]] = defaultdict(list)
    for one in moved:
        for owner in {one.debit.owner, one.credit.owner}.intersection(owners):
            found[owner, one.day].append(one)
    return found


def revision_after(kept: Sequence[Kept]) -> int:
    """The next of a key; `kept` are those that are claimed, lowest first, as `Desk.revisions` tells them."""
    return kept[-1].revision + 1 if kept else 1


def facts_posted(kept: Iterable[Kept]) -> list[str]:
    """Of those that the ledger did not refuse."""
    return [each.facts for each in kept if each.state is PostingState.POSTED]


def day_posted_for(desk: Desk, kept: Kept) -> date:
    """For which a posting with legs was."""
    query = select(entries.c.day).where(entries.c.transaction_id == kept.transaction).limit(1)
    found: date = desk.connection.execute(query).scalar_one()
    return found


def as_signed(desk: Desk, kept: Kept, asking: Asking) -> str:
    """How a person has signed a posting that they ask for again: by now they may act under another duty."""
    query = select(transactions.c.asked_by).where(transactions.c.id == kept.transaction)
    signed: str = desk.connection.execute(query).scalar_one()
    return signed if signed.partition(FOR)[0] == asking.by else asking.by


def late(desk: Desk, book: str, month: str, runs: str) -> tuple[Late, ...]:
    """Nothing while the month is open. Once it is closed, that what comes for it counts in the month that runs, or in
    the first since that is open."""
    if desk.open_month(book, month) == month:
        return ()
    return (Late(desk.open_month(book, max(month, runs))),)
