"""A ledger in which everything has happened once: what verify, exports and moves are tried on."""

import itertools
from datetime import date

from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Close, Draw, Late, Leg, Limit, Posting, Reserve, Resolve, Term, Transfer
from ccd.ledger.sealing import Sealer
from ccd.sql.turns import Patience
from tests.ledger.accounts import DAY, HOUSE, give, open_guarded, open_house, posting, take

MOMENT = 1_764_000_000_000_000  # of the first recorded, in microseconds; each is one later
ALL_KINDS = ("savings", "gift", "reserved")


def with_terms(key: str, *terms: Term, legs: tuple[Leg, ...] = ()) -> Posting:
    return Posting(key, 1, "demo", DAY, legs, asked_by="test", terms=terms)


def held(owner: str) -> Reserve:
    own = tuple(Account(owner, kind) for kind in ALL_KINDS)
    return Reserve(own[:2], own[2], 500, "leave", MOMENT + 10**12)


async def everything(engine: AsyncEngine, says: str = '团队, a "gift"') -> Ledger:
    """Transfers, a refusal, a reversal, reservations open and ended, caps, a closed month; sealed but for the last."""
    clock = itertools.count(MOMENT)
    ledger, sealer = Ledger(engine, clock.__next__), Sealer(engine, clock.__next__, Patience(), block_max=8)
    await open_guarded(ledger, ["ann", "bob"], ALL_KINDS)
    await open_house(ledger)
    first = await ledger.post(posting("first", give("ann", 465), give("bob", 500, "gift"), text=says))
    await sealer.seal()
    await ledger.post(posting("refused", take("ann", 466)))
    await ledger.post(posting("back", take("bob", 500, "gift", reverses=Transfer(first.transaction, 2))))
    await ledger.post(posting("nothing"))
    await ledger.post(posting("more", give("ann", 100, "gift"), give("bob", 400)))
    await ledger.post(with_terms("limit", Limit("team-1", 1_000)))
    await ledger.post(with_terms("drawn", Draw("team-1", 600), legs=(give("bob", 600),)))
    await ledger.post_many([with_terms("held", held("ann")), with_terms("held too", held("bob"))])
    await ledger.post(with_terms("taken", Resolve(("held", 1), "leave", 100, Account(HOUSE, "savings"))))
    await ledger.post(with_terms("close", Close()))
    await sealer.seal()
    await ledger.post(with_terms("late", Late("2026-12"), legs=(give("ann", 5),)))
    return ledger


async def more(ledger: Ledger) -> None:
    """What may come after everything: of what stood before, something is taken back, drawn on, resolved; another month
    is closed. Sealed but for the last."""
    sealer = Sealer(ledger.engine, itertools.count(MOMENT + 10**6).__next__, Patience(), block_max=4)
    december = date(2026, 12, 5)
    await open_guarded(ledger, ["eve"], ALL_KINDS)
    await ledger.post(posting("given", give("eve", 700), give("ann", 900), day=december, text="gegeben"))
    await ledger.post(posting("too much", take("eve", 701), day=december))
    late = next(line for line in (await ledger.statement("ann", limit=2)).lines if line.key == "late")
    await ledger.reverse(late.transaction, "late back", "test")
    for key, terms, legs in (
        ("raised", (Limit("team-1", 2_000), Limit("team-2", 50)), ()),
        ("drawn again", (Draw("team-1", 1_200),), (give("bob", 1_200),)),
        ("given back", (Draw("team-1", -300),), (take("bob", 300),)),
        ("held of ann", (held("ann"),), ()),
        ("taken of bob", (Resolve(("held too", 1), "leave", 50, Account(HOUSE, "savings")),), ()),
    ):
        await ledger.post((with_terms(key, *terms, legs=legs))._replace(day=december))
    await sealer.seal()
    await ledger.post(posting("last of december", give("eve", 1), day=december))
    await ledger.post(with_terms("close december", Close())._replace(day=december))
    await sealer.seal()
    await ledger.post(posting("in january", give("eve", 3), day=date(2027, 1, 2)))
