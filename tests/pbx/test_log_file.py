"""A queue_log that is being written, read from an instant on."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from ccd.pbx import log_file
from ccd.pbx.log_file import MARK, LogFile, excerpts
from tests.pbx.spoken import T0

S = 1_000_000


def line(at: int, what: str = "PAUSE|lunch") -> str:
    return f"{T0 + at}|NONE|support|Ann|{what}\n"


def lines(*seconds: int) -> str:
    return "".join(line(at) for at in seconds)


def seconds_of(found: list[bytes]) -> list[int]:
    return [int(raw.split(b"|")[0]) - T0 for raw in found]


def test_the_lines_since_an_instant_and_what_is_known_of_the_time_before(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_text(lines(1, 5, 5, 9))
    found = LogFile(log).since((T0 + 5) * S, "")
    assert seconds_of(found.lines) == [5, 5, 9]
    assert (found.begins_at, found.last_at, found.marked_at) == ((T0 + 1) * S, (T0 + 9) * S, None)
    assert LogFile(log).since((T0 + 10) * S, "").lines == []


def test_nothing_behind_the_mark_is_taken_and_another_mark_is_none(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_text(lines(1) + line(2, f"{MARK}|old") + lines(3) + line(4, f"{MARK}|mine") + lines(4, 5))
    found = LogFile(log).since(T0 * S, "mine")
    assert seconds_of(found.lines) == [1, 2, 3]
    assert found.marked_at == (T0 + 4) * S
    assert LogFile(log).since(T0 * S, "never written").marked_at is None


@pytest.mark.parametrize("name", ["queue_log.1", "queue_log-20261123", "queue_log-20261123.gz"])
def test_it_goes_on_in_the_file_that_it_was_rotated_into(tmp_path: Path, name: str) -> None:
    text = lines(1, 4).encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    (tmp_path / "queue_log.9").write_text(lines(-90))
    (tmp_path / "queue_logs_of_others").write_text(lines(2))
    (tmp_path / "queue_log").write_text(lines(7))
    found = LogFile(tmp_path / "queue_log").since((T0 + 3) * S, "")
    assert seconds_of(found.lines) == [4, 7]
    assert found.begins_at == (T0 + 1) * S


def test_of_a_long_file_no_line_is_left_out_wherever_it_begins(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    told = [number // 7 for number in range(30_000)]
    log.write_text(lines(*told))
    for since in (0, 1, 77, 2_000, 4_284, 4_285, 5_000):
        found = LogFile(log).since((T0 + since) * S, "")
        assert seconds_of(found.lines) == [at for at in told if at >= since]


def test_a_log_without_a_line_says_nothing_and_one_that_is_not_there_raises(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_text("")
    assert LogFile(log).since(T0 * S, "") == ([], None, None, None, True)
    with pytest.raises(OSError, match="No such file"):
        LogFile(tmp_path / "elsewhere").since(T0 * S, "")


def test_of_more_lines_than_can_be_taken_there_are_those_of_whole_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "LINES_MAX", 3)
    log = tmp_path / "queue_log"
    log.write_text(lines(1, 2, 3, 3, 4) + line(5, f"{MARK}|mine"))
    found = LogFile(log).since(T0 * S, "mine")
    assert seconds_of(found.lines) == [1, 2, 3, 3]
    assert (found.last_at, found.marked_at, found.whole) == ((T0 + 3) * S, None, False)


@pytest.mark.parametrize("beside", ["torn", "a folder", "of root"])
def test_what_lies_beside_it_and_can_not_be_read_is_no_matter_where_it_is_not_needed(
    tmp_path: Path, beside: str
) -> None:
    (tmp_path / "queue_log").write_text(lines(3, 7))
    old = tmp_path / "queue_log.2.gz"
    if beside == "a folder":
        old.mkdir()
    elif beside == "torn":
        old.write_bytes(gzip.compress(lines(1).encode())[:-12])
    else:
        old.symlink_to(tmp_path / "gone")
    found = LogFile(tmp_path / "queue_log").since((T0 + 4) * S, "")
    assert (seconds_of(found.lines), found.begins_at) == ([7], (T0 + 3) * S)


def test_one_that_can_not_be_read_and_may_be_of_that_time_raises(tmp_path: Path) -> None:
    """Else what stands in it never happened: the one before it reaches back to then."""
    (tmp_path / "queue_log").write_text(lines(7))
    (tmp_path / "queue_log.1.gz").write_bytes(gzip.compress(lines(3).encode())[:-12])
    (tmp_path / "queue_log.2").write_text(lines(1))
    with pytest.raises(OSError, match="is torn"):
        LogFile(tmp_path / "queue_log").since((T0 + 2) * S, "")
    assert seconds_of(LogFile(tmp_path / "queue_log").since((T0 + 7) * S, "").lines) == [7]


def test_a_packed_one_that_is_torn_where_it_is_needed_raises(tmp_path: Path) -> None:
    (tmp_path / "queue_log").write_text(lines(30_000))
    (tmp_path / "queue_log.1.gz").write_bytes(gzip.compress(lines(*range(20_000)).encode())[:-1_000])
    with pytest.raises(OSError, match="is torn"):
        LogFile(tmp_path / "queue_log").since((T0 + 3) * S, "")


@pytest.mark.parametrize("name", ["queue_log.1", "queue_log.1.gz"])
def test_a_copy_that_is_made_before_the_log_is_cut_is_read_once(tmp_path: Path, name: str) -> None:
    text = lines(1, 4)
    (tmp_path / "queue_log").write_text(text)
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    assert seconds_of(LogFile(tmp_path / "queue_log").since((T0 - 600) * S, "").lines) == [1, 4]


def test_a_log_that_is_cut_while_it_is_read_is_not_taken_for_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "queue_log"
    log.write_text(lines(1, 4))
    read = log_file._excerpt

    def cut_before(*asked: Any) -> log_file.Excerpt:
        log.write_text(line(9, f"{MARK}|mine"))
        return read(*asked)

    monkeypatch.setattr(log_file, "_excerpt", cut_before)
    with pytest.raises(OSError, match="cut while it was read"):
        LogFile(log).since(T0 * S, "mine")


def test_a_log_that_is_moved_while_it_is_read_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "queue_log"
    log.write_text(lines(1, 4))
    read = log_file._excerpt

    def moved_before(*asked: Any) -> log_file.Excerpt:
        log.rename(tmp_path / "queue_log.1")
        log.write_text(line(9, f"{MARK}|mine"))
        return read(*asked)

    monkeypatch.setattr(log_file, "_excerpt", moved_before)
    found = LogFile(log).since(T0 * S, "mine")
    assert (seconds_of(found.lines), found.marked_at) == ([1, 4], None), (
        "the mark is in another: it is looked for again"
    )


def test_a_line_that_is_still_being_written_is_none_yet(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    log.write_text(lines(1) + line(2, "PAUSE|toilet").removesuffix("ilet\n"))
    found = LogFile(log).since(T0 * S, "")
    assert (seconds_of(found.lines), found.last_at) == ([1], (T0 + 1) * S)


def test_of_files_in_any_order_only_the_lines_of_the_spans_are_kept(tmp_path: Path) -> None:
    (tmp_path / "b").write_text(lines(5, 6, 9))
    (tmp_path / "a.gz").write_bytes(gzip.compress(lines(1, 2, 4).encode()))
    spans = [((T0 + start) * S, (T0 + end) * S) for start, end in ((2, 6), (5, 9), (7, 8))]
    found = excerpts([tmp_path / "b", tmp_path / "a.gz"], spans)
    assert [seconds_of(each.lines) for each in found] == [[2, 4, 5], [5, 6], []]
    assert {(each.begins_at, each.last_at) for each in found} == {((T0 + 1) * S, (T0 + 9) * S)}
    (tmp_path / "a.gz").write_bytes(gzip.compress(lines(1, 2).encode())[:-9])
    with pytest.raises(OSError, match="is torn"):
        excerpts([tmp_path / "a.gz"], spans)
