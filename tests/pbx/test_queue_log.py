"""queue_log's lines as events: names and interfaces, ring times, restarts."""

import gzip
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import pytest

from ccd.floor.events import (
    AgentLogged,
    CallConnected,
    CallEnded,
    CallerJoined,
    CallerLeft,
    CallOffered,
    Device,
    Heard,
    Lost,
    MemberAdded,
    MemberPaused,
    MemberRemoved,
    OfferEnded,
    PbxEvent,
)
from ccd.pbx.queue_log import QueueLog
from ccd.pbx.translate import Scope

CAPTURES = Path(__file__).parent / "captures"
SEAT = "Local/1001@agents/n"
SEATS = [("Ann 安", SEAT)]
S = 1_000_000


def told(
    *lines: str, seats: Sequence[tuple[str, str]] = SEATS, scope: Scope | None = None, tmp_path: Path
) -> list[PbxEvent]:
    log = tmp_path / "queue_log"
    log.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return list(QueueLog(seats, scope).read([log]))


@pytest.mark.parametrize("epoch", ["00000000001999999999999", "0" * 11 + "1", "9" * 5000, "4102444800", "0"])
def test_digits_that_are_no_time_are_no_line(epoch: str, tmp_path: Path) -> None:
    log = QueueLog(SEATS)
    file = tmp_path / "queue_log"
    file.write_text(f"100|M|q|Ann 安|PAUSE|\n{epoch}|M|q|Ann 安|UNPAUSE|\n")
    assert list(log.read([file])) == [MemberPaused(100 * S, 0, SEAT, "Ann 安", "q", True, "")]
    assert log.unreadable == 1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"100|MANAGER|q|{SEAT}|ADDMEMBER|", [MemberAdded(100 * S, 0, SEAT, "Ann 安", "q", False, "", Device.FREE, 0)]),
        (
            f"100|MANAGER|q|{SEAT}|ADDMEMBER|PAUSED",
            [MemberAdded(100 * S, 0, SEAT, "Ann 安", "q", True, "", Device.FREE, 0)],
        ),
        (
            "100|MANAGER|q|Ann 安|ADDMEMBER|",
            [MemberAdded(100 * S, 0, SEAT, "Ann 安", "q", False, "", Device.FREE, 0)],
        ),
        ("100|MANAGER|q|PJSIP/7|REMOVEMEMBER|", [MemberRemoved(100 * S, 0, "PJSIP/7", "", "q")]),
        ("100|NONE|q|Ann 安|PAUSE|打水", [MemberPaused(100 * S, 0, SEAT, "Ann 安", "q", True, "打水")]),
        ("100|NONE|q|Ann 安|PAUSE|a|b", [MemberPaused(100 * S, 0, SEAT, "Ann 安", "q", True, "a|b")]),
        ("100|NONE|q|Ann 安|UNPAUSE|", [MemberPaused(100 * S, 0, SEAT, "Ann 安", "q", False, "")]),
        ("100|NONE|NONE|Ann 安|PAUSEALL|打水", []),
        (
            "100|1.1|q|Ann 安|CONNECT|9|1.2|4",
            [
                CallOffered(96 * S, 0, SEAT, "Ann 安", "q", "1.1"),
                CallerLeft(100 * S, 0, "q", "1.1", abandoned=False),
                CallConnected(100 * S, 0, SEAT, "Ann 安", "q", "1.1"),
            ],
        ),
        (
            "100|1.1|q|Ann 安|RINGNOANSWER|2500",
            [
                CallOffered(97_500_000, 0, SEAT, "Ann 安", "q", "1.1"),
                OfferEnded(100 * S, 0, SEAT, "Ann 安", "q", "1.1", missed=True),
            ],
        ),
        (
            "100|1.1|q|Ann 安|RINGCANCELED|1000",
            [
                CallOffered(99 * S, 0, SEAT, "Ann 安", "q", "1.1"),
                OfferEnded(100 * S, 0, SEAT, "Ann 安", "q", "1.1", missed=False),
            ],
        ),
        ("100|1.1|q|Ann 安|COMPLETECALLER|0|3|1", [CallEnded(100 * S, 0, SEAT, "Ann 安", "q", "1.1")]),
        ("100|1.1|q|Ann 安|COMPLETEAGENT|0|3|1", [CallEnded(100 * S, 0, SEAT, "Ann 安", "q", "1.1")]),
        ("100|1.1|q|Ann 安|BLINDTRANSFER|600|ext|0|3|1", [CallEnded(100 * S, 0, SEAT, "Ann 安", "q", "1.1")]),
        ("100|1.1|q|Ann 安|ATTENDEDTRANSFER|x", [CallEnded(100 * S, 0, SEAT, "Ann 安", "q", "1.1")]),
        ("100|1.1|q|NONE|ENTERQUEUE||5551234|1", [CallerJoined(100 * S, 0, "q", "1.1")]),
        ("100|1.1|q|NONE|ABANDON|1|1|6", [CallerLeft(100 * S, 0, "q", "1.1", abandoned=True)]),
        ("100|1.1|q|NONE|EXITWITHTIMEOUT|1|1|6", [CallerLeft(100 * S, 0, "q", "1.1", abandoned=True)]),
        ("100|1.1|NONE|1009|AGENTLOGIN|chan", [AgentLogged(100 * S, 0, "Agent/1009", True)]),
        ("100|1.1|NONE|1009|AGENTLOGOFF|chan|2", [AgentLogged(100 * S, 0, "Agent/1009", False)]),
        ("100|NONE|q|Nobody|PAUSE|", [MemberPaused(100 * S, 0, "Nobody", "", "q", True, "")]),
    ],
)
def test_each_line_becomes_its_words(line, expected, tmp_path):
    assert told(line, tmp_path=tmp_path) == expected


def test_ringing_is_put_where_it_began_among_what_happened_meanwhile(tmp_path):
    events = told("97|NONE|q|Ann 安|PAUSE|x", "100|1.1|q|Ann 安|CONNECT|9|1.2|5", tmp_path=tmp_path)
    assert [type(event).__name__ for event in events] == ["CallOffered", "MemberPaused", "CallerLeft", "CallConnected"]
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_nobody_rings_before_the_caller_has_come(tmp_path):
    lines = ("97|NONE|q|Ann 安|UNPAUSE|", "97|1.1|q|NONE|ENTERQUEUE||5551234|1", "99|1.1|q|Ann 安|RINGNOANSWER|2500")
    events = told(*lines, tmp_path=tmp_path)
    assert [type(event).__name__ for event in events] == ["MemberPaused", "CallerJoined", "CallOffered", "OfferEnded"]
    assert events[2].at == 97 * S


def test_a_restart_begins_a_gap_at_the_last_line_and_the_first_start_of_a_log_none(tmp_path):
    events = told(
        "90|NONE|NONE|NONE|QUEUESTART|",
        f"100|MANAGER|q|{SEAT}|ADDMEMBER|",
        "170|NONE|NONE|NONE|QUEUESTART|",
        "180|NONE|q|Ann 安|PAUSE|meal",
        tmp_path=tmp_path,
    )
    assert [type(event) for event in events] == [MemberAdded, Lost, Heard, MemberPaused]
    assert [event.at for event in events] == [100 * S, 100 * S, 170 * S, 180 * S]


def test_who_moves_to_another_telephone_pauses_there(tmp_path):
    seats = [("Ann", "PJSIP/1"), ("Ann", "PJSIP/2")]
    lines = ("90|M|q|PJSIP/1|ADDMEMBER|", "100|NONE|q|Ann|PAUSE|x", "110|M|q|PJSIP/1|REMOVEMEMBER|")
    events = told(*lines, "110|M|q|PJSIP/2|ADDMEMBER|", "120|NONE|q|Ann|PAUSE|x", seats=seats, tmp_path=tmp_path)
    on_the_first: list[PbxEvent] = [
        MemberAdded(90 * S, 0, "PJSIP/1", "Ann", "q", False, "", Device.FREE, 0),
        MemberPaused(100 * S, 0, "PJSIP/1", "Ann", "q", True, "x"),
        MemberRemoved(110 * S, 0, "PJSIP/1", "Ann", "q"),
    ]
    assert events == [
        *on_the_first,
        MemberAdded(110 * S, 0, "PJSIP/2", "Ann", "q", False, "", Device.FREE, 0),
        MemberPaused(120 * S, 0, "PJSIP/2", "Ann", "q", True, "x"),
    ]


def test_who_comes_to_a_hot_desk_is_not_who_was_there_before(tmp_path):
    seats = [("Ann", "PJSIP/1"), ("Bob", "PJSIP/1")]
    lines = ("90|M|q|PJSIP/1|ADDMEMBER|", "100|NONE|q|Ann|PAUSE|x", "110|M|q|PJSIP/1|REMOVEMEMBER|")
    events = told(*lines, "120|M|q|PJSIP/1|ADDMEMBER|", "130|NONE|q|Bob|PAUSE|", seats=seats, tmp_path=tmp_path)
    names = [event.name for event in events if isinstance(event, MemberAdded | MemberPaused)]
    assert names == ["PJSIP/1", "Ann", "PJSIP/1", "Bob"]


def test_a_call_ends_on_the_seat_that_took_it_though_that_has_left_the_queue(tmp_path: Path) -> None:
    """Of somebody with two telephones."""
    lines = ("1|M|q|PJSIP/1|ADDMEMBER|", "5|c1|q|Ann|CONNECT|1|x|1", "8|M|q|PJSIP/1|REMOVEMEMBER|",
             "9|c1|q|Ann|COMPLETEAGENT|1|1|1")  # fmt: skip
    *_, end = told(*lines, seats=[("Ann", "PJSIP/1"), ("Ann", "PJSIP/2")], tmp_path=tmp_path)
    assert end == CallEnded(9 * S, 0, "PJSIP/1", "Ann", "q", "c1")


def test_lines_that_are_none_are_counted_and_passed_over(tmp_path):
    log = tmp_path / "queue_log"
    log.write_bytes(
        b"garbage\n\n100|x|q\n-5|NONE|q|a|PAUSE|\n" + b"1" * 70_000 + b"|NONE|q|a|PAUSE|\n100|N|q|\xff|PAUSE|"
    )
    reader = QueueLog([])
    assert list(reader.read([log])) == [MemberPaused(100 * S, 0, "\ufffd", "", "q", True, "")]
    assert reader.unreadable == 4
    log.write_text("100|NONE|q|a|RINGINUSE|0\n")
    assert list(reader.read([log])) == []
    assert reader.ignored == {"RINGINUSE": 1}


def test_queues_that_are_not_ours_are_left_out(tmp_path):
    lines = ("100|NONE|q|Ann 安|PAUSE|", "100|NONE|spare|Ann 安|PAUSE|", "100|1.1|NONE|1009|AGENTLOGIN|c")
    events = told(*lines, scope=Scope(exclude=("spare",)), tmp_path=tmp_path)
    assert [type(event) for event in events] == [MemberPaused, AgentLogged]


@pytest.mark.parametrize("version", ["16", "22"])
def test_a_real_log_is_read_to_its_end(version):
    log = QueueLog([("Agent 1001", SEAT)])
    counted = Counter(type(event).__name__ for event in log.read([CAPTURES / f"{version}.queue_log"]))
    assert counted["MemberAdded"] == 503
    assert counted["MemberRemoved"] == 502
    assert counted["MemberPaused"] == 2510 + 2504
    assert counted["CallOffered"] == counted["CallConnected"] == counted["CallEnded"] == 2
    assert log.unreadable == 0
    assert set(log.ignored) == {"PAUSEALL", "UNPAUSEALL", "RINGINUSE"}


def test_a_log_that_was_packed_is_read_too_and_a_torn_one_is_named(tmp_path: Path) -> None:
    packed = tmp_path / "queue_log.2.gz"
    packed.write_bytes(gzip.compress(b"100|NONE|q|Ann|PAUSE|x\n"))
    assert [event.at for event in QueueLog([]).read([packed])] == [100 * S]
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(OSError, match="is torn"):
        list(QueueLog([]).read([packed]))


def test_a_queue_of_thousands_makes_no_line_of_it_longer_to_read(tmp_path: Path) -> None:
    lines = [
        f"{100 + number}|NONE|q|Ann|{verb}|\n".encode() for number in range(2_000) for verb in ("PAUSE", "UNPAUSE")
    ]

    def cost(members: int) -> float:
        log = QueueLog([("Ann", "PJSIP/1")], members={"q": [f"PJSIP/{number}" for number in range(members)]})
        began = process_time()
        assert len(list(log.told_by(lines, tmp_path))) == len(lines)
        return process_time() - began

    assert min(cost(5_000) for _ in range(3)) < 4 * min(cost(1) for _ in range(3))
