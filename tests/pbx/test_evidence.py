"""Evidence: every block once, under its number, whatever crashes; a bounded buffer; a hash a day."""

import asyncio
import gzip
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from ccd.pbx.evidence import NUMBERS_A_PROCESS, Evidence
from ccd.pbx.evidence_file import REF_NUMBERS, Record, append, day_path, evidence_days, hash_path
from ccd.pbx.evidence_index import find
from tests.pbx.eventually import eventually
from tests.pbx.said_log import SaidLog

NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()) * 1_000_000
DAY = 86_400 * 1_000_000
BLOCK = "Event: QueueMemberPause\r\nMemberName: 王小红".encode()


def evidence(folder: Path, log: SaidLog | None = None, **options: Any) -> Evidence:
    usual: dict[str, Any] = {"keep_days": 365, "clock": lambda: NOON / 1_000_000}
    return Evidence(folder, "north", log or SaidLog(), **(usual | options))


def zcat(path: Path) -> bytes:
    return subprocess.run(["zcat", path], capture_output=True, check=True).stdout


def sha256sum_agrees(path: Path) -> bool:
    return subprocess.run(["sha256sum", "--check", path.name], cwd=path.parent, check=False).returncode == 0


async def test_a_block_is_found_by_its_ref_and_zcat_shows_it(tmp_path):
    kept = evidence(tmp_path)
    refs = [kept.keep(NOON + n, BLOCK + b"\r\nN: %d" % n) for n in range(1000)]
    await kept.flush()
    more = kept.keep(NOON, b"Event: late")
    await kept.flush()
    assert refs == sorted(set(refs))
    assert {ref // REF_NUMBERS for ref in refs} == {20261123}
    assert find(kept.folder, refs[0]) == BLOCK + b"\r\nN: 0"
    assert find(kept.folder, refs[777]) == BLOCK + b"\r\nN: 777"
    assert find(kept.folder, more) == b"Event: late"
    assert find(kept.folder, more + 1) is None
    assert find(kept.folder, 20200101 * REF_NUMBERS + 1) is None
    assert zcat(day_path(kept.folder, 20261123)).count(BLOCK) == 1000
    assert kept.kept.written == 1001


async def test_a_day_that_is_over_is_closed_with_its_hash_and_purged_when_it_is_too_old(tmp_path):
    kept = Evidence(tmp_path, "north", SaidLog(), keep_days=2, clock=lambda: (NOON + 9 * DAY) / 1_000_000)
    refs = []
    for day in range(4):
        refs.append(kept.keep(NOON + day * DAY, BLOCK))
        await kept.flush()
    assert [ref // REF_NUMBERS for ref in refs] == [20261123, 20261124, 20261125, 20261126]
    assert sha256sum_agrees(hash_path(day_path(kept.folder, 20261125)))
    assert not hash_path(day_path(kept.folder, 20261126)).exists()
    assert not day_path(kept.folder, 20261123).exists()
    assert hash_path(day_path(kept.folder, 20261123)).exists()  # so that what was purged can still be known
    assert [find(kept.folder, ref) for ref in refs] == [None, BLOCK, BLOCK, BLOCK]


async def test_what_is_too_old_is_purged_of_pbxs_too_that_are_silent_or_followed_no_more(tmp_path: Path) -> None:
    usual: dict[str, Any] = {"keep_days": 2, "clock": lambda: (NOON + 9 * DAY) / 1_000_000}
    gone = Evidence(tmp_path, "gone", SaidLog(), **usual)
    (tmp_path / "read.me").touch()
    kept = evidence(tmp_path, **usual)
    for each in (gone, kept):
        each.keep(NOON, BLOCK)
        await each.flush()
    for day in (2, 3):
        kept.keep(NOON + day * DAY, BLOCK)
        await kept.flush()
        assert evidence_days(gone.folder) == ([20261123] if day == 2 else [])


async def test_an_event_of_yesterday_that_comes_after_midnight_goes_into_todays_file(tmp_path):
    kept = evidence(tmp_path)
    kept.keep(NOON, BLOCK)
    assert kept.keep(NOON - DAY, BLOCK) // REF_NUMBERS == 20261123


async def test_a_clock_that_is_years_ahead_closes_no_more_than_tomorrow(tmp_path):
    kept = evidence(tmp_path)
    assert kept.keep(NOON + 4000 * DAY, BLOCK) // REF_NUMBERS == 20261124
    assert kept.keep(NOON + 5000 * DAY, BLOCK) // REF_NUMBERS == 20261124
    assert kept.keep(NOON, BLOCK) // REF_NUMBERS == 20261124


@pytest.mark.parametrize("torn_bytes", [1, 20, 45, 90])
async def test_after_a_crash_a_torn_end_is_cut_off_and_no_number_is_given_twice(tmp_path, torn_bytes):
    before = evidence(tmp_path)
    whole = before.keep(NOON, BLOCK)
    await before.flush()
    torn = before.keep(NOON, BLOCK * 3)
    size = day_path(before.folder, 20261123).stat().st_size
    await before.flush()
    never_written = before.keep(NOON, BLOCK)
    with day_path(before.folder, 20261123).open("r+b") as stream:
        stream.truncate(size + torn_bytes)

    log = SaidLog()
    after = evidence(tmp_path, log)
    assert [said.event for said in log.said] == ["evidence had a torn end, which was cut off"]
    assert log.said[0].facts["bytes"] == torn_bytes
    fresh = after.keep(NOON, b"Event: after")
    await after.flush()
    assert fresh > never_written
    assert find(after.folder, whole) == BLOCK
    assert find(after.folder, torn) is None
    assert find(after.folder, fresh) == b"Event: after"
    assert gzip.decompress(day_path(after.folder, 20261123).read_bytes()).count(b"#") == 2


async def test_a_crash_in_a_days_first_second_gives_no_number_twice_either(tmp_path):
    first = evidence(tmp_path)
    first.keep(NOON - DAY, BLOCK)
    await first.flush()
    unwritten = first.keep(NOON, BLOCK)
    assert evidence(tmp_path).keep(NOON, BLOCK) // NUMBERS_A_PROCESS != unwritten // NUMBERS_A_PROCESS


async def test_what_the_buffer_cannot_hold_is_dropped_counted_and_said_once(tmp_path):
    log = SaidLog()
    kept = evidence(tmp_path, log, buffer_bytes_max=1000)
    refs = [kept.keep(NOON, b"x" * 300) for _ in range(10)]
    assert [ref != 0 for ref in refs] == [True] * 3 + [False] * 7
    assert kept.kept.dropped == 7
    assert [said.level for said in log.said] == ["error"]
    await kept.flush()
    assert kept.keep(NOON, b"x" * 300) != 0


async def test_a_disk_that_takes_nothing_stops_nothing_and_is_said_once(tmp_path):
    log = SaidLog()
    kept = evidence(tmp_path, log)
    blocked = day_path(kept.folder, 20261123)
    blocked.mkdir()
    for _ in range(3):
        kept.keep(NOON, BLOCK)
        await kept.flush()
    assert kept.kept.failed == 3
    assert [said.level for said in log.said] == ["error"]
    blocked.rmdir()
    ref = kept.keep(NOON, BLOCK)
    await kept.flush()
    assert find(kept.folder, ref) == BLOCK
    assert log.said[-1].event == "evidence is written again"


async def test_it_is_written_by_itself_and_once_more_at_the_end(tmp_path):
    kept = evidence(tmp_path, flush_interval_s=0.02)
    running = asyncio.get_running_loop().create_task(kept.run())
    first = kept.keep(NOON, BLOCK)
    assert await eventually(lambda: find(kept.folder, first)) == BLOCK
    last = kept.keep(NOON, BLOCK)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert find(kept.folder, last) == BLOCK


@pytest.mark.parametrize("name", ["..", ".", "a/b", "/etc", "北京"])
def test_a_pbxs_name_is_never_a_path(tmp_path, name):
    kept = Evidence(tmp_path / "evidence", name, SaidLog(), keep_days=365)
    assert kept.folder.parent == tmp_path / "evidence"
    assert kept.folder.resolve().parent == (tmp_path / "evidence").resolve()


@pytest.mark.parametrize("stray", ["abcd-ef-gh.ami.gz", "2026-13-45.ami.gz"])
async def test_a_file_that_is_no_days_stops_no_start_and_is_left_alone(tmp_path: Path, stray: str) -> None:
    folder = evidence(tmp_path).folder
    (folder / stray).write_bytes(b"somebody's own")
    kept = evidence(tmp_path)
    ref = kept.keep(NOON, BLOCK)
    await kept.flush()
    assert find(kept.folder, ref) == BLOCK
    assert evidence_days(folder) == [20261123]
    assert (folder / stray).read_bytes() == b"somebody's own"


async def test_a_stop_in_the_middle_of_a_write_waits_for_it_and_writes_the_rest_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = evidence(tmp_path, flush_interval_s=0.01)
    going, go_on, at_once = Event(), Event(), []

    def slowly(path: Path, records: list[Record]) -> int:
        at_once.append(going.is_set() and not go_on.is_set())
        going.set()
        go_on.wait(5)
        return append(path, records)

    monkeypatch.setattr("ccd.pbx.evidence.append", slowly)
    running = asyncio.get_running_loop().create_task(kept.run())
    refs = [kept.keep(NOON, BLOCK + b"1")]
    await eventually(going.is_set)
    refs.append(kept.keep(NOON, BLOCK + b"2"))
    running.cancel()
    await asyncio.sleep(0.1)
    go_on.set()
    with suppress(asyncio.CancelledError):
        await running
    assert at_once == [False, False]
    assert [find(kept.folder, ref) for ref in refs] == [BLOCK + b"1", BLOCK + b"2"]


async def test_what_comes_while_another_may_be_writing_waits(tmp_path: Path) -> None:
    mine = False
    kept = Evidence(tmp_path, "north", SaidLog(), keep_days=365, clock=lambda: NOON / 1_000_000, may_write=lambda: mine)
    ref = kept.keep(NOON, b"Event: Heard")
    await kept.flush()
    assert evidence_days(kept.folder) == []
    mine = True
    await kept.flush()
    assert find(kept.folder, ref) == b"Event: Heard"


async def test_what_a_day_needs_that_waits_is_not_purged(tmp_path: Path) -> None:
    waits: date | None = date(2026, 11, 24)
    kept = Evidence(
        tmp_path, "north", SaidLog(), keep_days=1, clock=lambda: (NOON + 9 * DAY) / 1_000_000,
        needed_since=lambda: waits,
    )  # fmt: skip
    for day in range(6):
        kept.keep(NOON + day * DAY, BLOCK)
        await kept.flush()
    assert evidence_days(kept.folder)[0] == 20261123, "the unit's 24th can begin on the 23rd in UTC"
    waits = None
    kept.keep(NOON + 6 * DAY, BLOCK)
    await kept.flush()
    assert evidence_days(kept.folder) == [20261128, 20261129]


@pytest.fixture
def full_disk() -> Iterator[Callable[[int], None]]:
    """No file of this process grows beyond so many bytes: a write goes in part, and fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_disk_that_fills_up_in_the_middle_of_a_write_leaves_a_file_that_can_be_read(
    tmp_path: Path, full_disk: Callable[[int], None]
) -> None:
    log = SaidLog()
    kept = evidence(tmp_path, log)
    whole = kept.keep(NOON, BLOCK)
    await kept.flush()
    path = day_path(kept.folder, 20261123)
    full_disk(path.stat().st_size + 30)
    for _ in range(3):
        kept.keep(NOON, BLOCK * 9)
        await kept.flush()
    assert path.stat().st_size > 0
    assert [said.level for said in log.said if said.level == "error"] == ["error"], "said once"
    full_disk(resource.RLIM_INFINITY)
    ref = kept.keep(NOON, b"Event: after")
    await kept.flush()
    assert (find(kept.folder, whole), find(kept.folder, ref)) == (BLOCK, b"Event: after")
    assert gzip.decompress(path.read_bytes()).count(b"#") == 2
    assert kept.kept.failed == 3


async def test_a_disk_that_is_full_at_midnight_costs_the_day_no_hash(
    tmp_path: Path, full_disk: Callable[[int], None]
) -> None:
    kept = evidence(tmp_path)
    kept.keep(NOON, BLOCK)
    await kept.flush()
    over = hash_path(day_path(kept.folder, 20261123))
    full_disk(10)
    kept.keep(NOON + DAY, BLOCK)
    await kept.flush()
    assert not over.exists()
    full_disk(resource.RLIM_INFINITY)
    kept.keep(NOON + DAY, BLOCK)
    await kept.flush()
    assert sha256sum_agrees(over)
