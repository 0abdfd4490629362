"""Days whose month was closed in the ledger: what is measured anew is posted, and so is what was refused once."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank.fate import Fate
from ccd.bank.settle import Settler
from ccd.ledger.model import Close, Posting
from tests.floor.floors import heard
from tests.history.closing import DAY_S, DEPOSIT_S, FIRST, OVERDRAFT_S, SHIFT, Bank, measuring
from tests.history.observing import record

MONTH_S = 40 * DAY_S


async def close_month(bank: Bank) -> None:
    posting = Posting("close/1970-01", 1, "centre", FIRST, (), asked_by="test", terms=(Close(),))
    (await bank.ledger.post(posting)).or_raise()


async def test_a_day_that_was_anothers_after_all_is_posted_although_its_month_is_closed(engine: AsyncEngine) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=DAY_S)
    await bank.closer.close("team", FIRST)
    await close_month(bank)
    bank.now_s = MONTH_S
    bank.follow(measuring(lambda *_: None))
    await bank.closer.close("team", FIRST)
    assert await bank.revisions() == [("ann", FIRST, 1), ("ann", FIRST, 2), ("ben", FIRST, 1), ("ben", FIRST, 2)]
    assert await bank.net_s("ann") == 0


async def test_what_was_refused_for_its_month_has_a_new_record_once_and_is_posted(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await record(engine, *SHIFT, heard(DAY_S))
    bank = Bank(engine, now_s=MONTH_S)
    await close_month(bank)
    monkeypatch.setattr(Settler, "_late", lambda *_: {})  # as the first release was
    closed = await bank.closer.close("team", FIRST)
    assert closed.settlement.fates == {Fate.REFUSED: 2}
    monkeypatch.undo()

    closed = await bank.closer.close("team", FIRST)
    assert closed.settlement.fates == {Fate.MONTH_WAS_CLOSED: 2, Fate.POSTED: 1, Fate.NOTHING: 1}
    assert closed.revised == ("ann", "ben")
    assert await bank.revisions() == [("ann", FIRST, 1), ("ann", FIRST, 2), ("ben", FIRST, 1), ("ben", FIRST, 2)]
    assert (await bank.net_s("ann"), await bank.net_s("ben")) == (DEPOSIT_S, 0)
    assert OVERDRAFT_S > 0, "ben's overdraft is written off: there was nothing to take it from"

    closed = await bank.closer.close("team", FIRST)
    assert (closed.settlement.fates, closed.revised) == ({Fate.REPLAYED: 2}, ())
