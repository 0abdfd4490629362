"""The board in a terminal."""

from typing import Any

from rich.console import Console

from ccd.commands.terminal_board import TerminalBoard, spelled

NOW = 1_000_000.0


def agent(name: str, state: str, since: float, **more: Any) -> dict[str, Any]:
    return {
        "agent": name, "name": f"Agent {name}", "unit": "team-1", "state": state, "since": since, "reason": "",
        "aux": 0.0, "aux_from": None, "allowance": 1_065,
    } | more  # fmt: skip


def text_of(board: TerminalBoard) -> str:
    console = Console(width=120, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(board.shown())
    return capture.get()


def hears(*messages: dict[str, Any], clock: float = NOW) -> tuple[TerminalBoard, list[bool]]:
    board = TerminalBoard(lambda: clock)
    return board, [board.hear(message) for message in messages]


def snapshot(*agents: dict[str, Any], seq: int = 1, now: float = NOW) -> dict[str, Any]:
    queue = {"queue": "support", "waiting": 2, "oldest_since": now - 75}
    return {"op": "snapshot", "topic": "floor", "seq": seq, "now": now, "agents": list(agents), "queues": [queue]}


def delta(seq: int, *changed: dict[str, Any], gone: tuple[str, ...] = (), now: float = NOW) -> dict[str, Any]:
    return {"op": "delta", "seq": seq, "now": now, "changed": list(changed), "queues": [], "gone": list(gone)}


def test_agents_stand_there_with_state_time_reason_and_aux() -> None:
    paused = agent("1001", "paused", NOW - 62, reason="ticket", aux=100.0, aux_from=NOW - 62)
    board, _ = hears(snapshot(paused, agent("1002", "on_call", NOW - 3_700)))
    text = text_of(board)
    (line,) = [line for line in text.splitlines() if "1001" in line]
    for said in ("⏸", "Agent 1001", "paused", "1:02", "ticket", "2:42", "17:45"):
        assert said in line
    assert "☎ 1 on call" in text
    assert "⏸ 1 paused" in text
    assert "1:01:40" in text
    assert "2 calls waiting, the longest for 1:15" in text


def test_who_has_not_been_seen_yet_has_no_time() -> None:
    board, _ = hears(snapshot(agent("1001", "signed_out", 0), agent("1002", "signed_out", NOW - 62)))
    unseen, seen = (line for line in text_of(board).splitlines() if "Agent" in line)
    assert unseen.split()[:7] == ["○", "1001", "Agent", "1001", "team-1", "signed", "out"]
    assert unseen.split()[7] == "–"
    assert seen.split()[7] == "1:02"


def test_deltas_change_and_take_away() -> None:
    board, _ = hears(
        snapshot(agent("1001", "available", NOW), agent("1002", "available", NOW)),
        delta(2, agent("1001", "ringing", NOW), gone=("1002",)),
    )
    text = text_of(board)
    assert "ringing" in text
    assert "1002" not in text


def test_a_hole_asks_for_a_snapshot_and_changes_nothing() -> None:
    board, taken = hears(snapshot(agent("1001", "available", NOW)), delta(3, agent("1001", "ringing", NOW)))
    assert taken == [True, False]
    assert "ringing" not in text_of(board)


def test_times_are_told_by_the_servers_clock() -> None:
    board, _ = hears(snapshot(agent("1001", "available", NOW - 30), now=NOW), clock=NOW - 5_000)
    assert "0:30" in text_of(board)


def test_sources_that_are_lost_and_a_connection_that_is_gone_are_said() -> None:
    lost = {"op": "health", "sources": [{"pbx": "berlin", "state": "lost", "since": NOW - 9}]}
    board, _ = hears(snapshot(agent("1001", "available", NOW)), lost)
    assert "berlin: lost for 0:09" in text_of(board)
    board.is_lost()
    assert "stale for 0:00" in text_of(board)
    board.hear(delta(2))
    assert "stale" not in text_of(board)


def test_a_board_grows_old_from_the_last_word_on_and_its_times_stand_still() -> None:
    clock = [NOW]
    board = TerminalBoard(lambda: clock[0])
    board.hear(snapshot(agent("1001", "on_call", NOW - 30)))
    clock[0] = NOW + 5
    assert "0:35" in text_of(board)
    clock[0] = NOW + 12  # silent, though nobody has hung up
    assert "stale for 0:12" in text_of(board)
    board.is_lost()
    assert "stale for 0:12" in text_of(board)
    (line,) = [line for line in text_of(board).splitlines() if "Agent" in line]
    assert "0:30" in line


def test_who_has_been_away_for_longest_stands_last() -> None:
    board, _ = hears(snapshot(agent("1001", "signed_out", NOW - 9_000), agent("1002", "on_call", NOW - 5)))
    assert [line.split()[1] for line in text_of(board).splitlines() if "Agent" in line] == ["1002", "1001"]


def test_times_are_spelled() -> None:
    assert [spelled(seconds) for seconds in (0, 59.9, 60, 3_599, 3_600, -5)] == [
        "0:00", "0:59", "1:00", "59:59", "1:00:00", "0:00",
    ]  # fmt: skip
