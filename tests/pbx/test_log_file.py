"""A queue_log that is being written, read from an instant on."""

import gzip
from pathlib import Path

import pytest

from ccd.pbx import log_file
from ccd.pbx.log_file import MARK, LogFile
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
