"""What SQLite can't promise is not posted to, and what was posted before is there once it can."""

import asyncio
import itertools
import shutil
import sqlite3
from pathlib import Path

import pytest

from ccd.errors import UnsafeDatabaseError
from ccd.ledger.books import Ledger
from ccd.ledger.model import Late
from ccd.ledger.sealing import Sealer
from ccd.ledger.verify import verify
from ccd.sql.engine import SQLITE_SETTINGS, open_engine
from ccd.sql.turns import Patience
from tests.ledger.accounts import give, open_guarded, open_house, posting

UNSAFE = {"journal_mode": "DELETE", "synchronous": "OFF", "recursive_triggers": "OFF", "foreign_keys": "OFF"}
WAITED_S = 0.5


@pytest.fixture
async def ledger(sqlite_template: Path, tmp_path: Path) -> Ledger:
    """Ann was given 5 s."""
    shutil.copy(sqlite_template, tmp_path / "ccd.sqlite")
    opened = on(f"sqlite+aiosqlite:///{tmp_path / 'ccd.sqlite'}")
    await open_guarded(opened, ["ann"])
    await open_house(opened)
    await opened.post(posting("before", give("ann", 5)))
    await opened.engine.dispose()
    return opened


def on(url: str) -> Ledger:
    return Ledger(open_engine(url), itertools.count(1_000_000).__next__)


async def check_goes_on(ledger: Ledger) -> None:
    assert (await ledger.post(posting("before", give("ann", 5)))).replayed
    assert not (await ledger.post(posting("a", give("ann", 7)))).replayed
    assert (await ledger.balances("ann"))["savings"] == 12
    await Sealer(ledger.engine, lambda: 2_000_000, Patience()).seal()
    assert (await verify(ledger.engine, lambda done, total: None)).findings == []
    await ledger.engine.dispose()


@pytest.mark.parametrize("name", UNSAFE)
async def test_with_an_unsafe_setting_nothing_is_posted(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    unsafe = on(str(ledger.engine.url))
    with monkeypatch.context() as patched:
        patched.setitem(SQLITE_SETTINGS, name, (UNSAFE[name], SQLITE_SETTINGS[name][1]))
        with pytest.raises(UnsafeDatabaseError, match=f"ccd.sqlite: {name} is .*, and has to be ") as caught:
            await unsafe.post(posting("a", give("ann", 7)))
    assert "\n" not in str(caught.value)
    await unsafe.engine.dispose()
    await check_goes_on(ledger)


async def test_a_file_without_locks_as_some_network_disks_have_it_is_not_posted_to(ledger: Ledger) -> None:
    """SQLite then can't have its journal beside the file, says nothing, and goes on without."""
    file = str(ledger.engine.url.database)
    hand = sqlite3.connect(file)
    hand.execute("PRAGMA journal_mode = DELETE")
    hand.close()
    without_locks = on(f"sqlite+aiosqlite:///file:{file}?nolock=1&uri=true")
    with pytest.raises(UnsafeDatabaseError, match="journal_mode is delete, and has to be WAL"):
        await without_locks.post(posting("a", give("ann", 7)))
    await without_locks.engine.dispose()
    await check_goes_on(ledger)


LATE = (Late("2026-11"),)


@pytest.mark.parametrize("terms", [(), LATE], ids=["presumed", "at the desk"])
async def test_what_waits_for_another_writer_is_recorded_when_it_is_written(
    ledger: Ledger, terms: tuple[Late, ...]
) -> None:
    """What was told meanwhile of a moment that was over by then stays as it was told."""
    clock = [2_000_000]
    waiting = Ledger(open_engine(str(ledger.engine.url)), lambda: clock[0])
    await waiting.balances("ann")
    other = sqlite3.connect(str(ledger.engine.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    posted = asyncio.get_running_loop().create_task(waiting.post(posting("a", give("ann", 7))._replace(terms=terms)))
    await asyncio.sleep(WAITED_S)
    clock[0] = 3_000_000
    told = await waiting.balances_at("ann", 2_500_000)
    other.execute("ROLLBACK")
    other.close()
    assert (await posted).recorded_at == 3_000_000
    assert told == {"savings": 5, "gift": 0}
    assert await waiting.balances_at("ann", 2_500_000) == told
    assert (await waiting.balances("ann"))["savings"] == 12
    await waiting.engine.dispose()


async def test_two_that_write_at_once_wait_for_each_other_and_all_is_in(ledger: Ledger) -> None:
    """Each has its own connections, as two processes have."""
    url = str(ledger.engine.url)
    both = on(url), on(url)
    outcomes = await asyncio.gather(
        *(
            one.post_many([posting(f"{at}/{number}", give("ann", 1))])
            for number in range(20)
            for at, one in enumerate(both)
        )
    )
    assert {outcome.replayed for (outcome,) in outcomes} == {False}
    assert (await ledger.balances("ann"))["savings"] == 45
    for one in both:
        await one.engine.dispose()
