"""From an event at the PBX to 300 boards of a floor of 5,000; what an open page costs; how soon a board is whole.

    python -m benchmarks.live [--rounds N] [--seconds S] [--boards N] [--agents N] [--frame-interval-s S]

JSON objects, one a line. `live`: `ratio` is the p99 of an event's age on arrival, over every tenth board, by that of a
bare relay from Redis to websockets (benchmarks.relay) at the same frame interval, with as many bytes a second, to as
many boards in the same kind of process; the middle of the rounds', which take turns. `least` is what each did when it
was disturbed least. The events are those of a PBX in a process of its own, which speaks AMI to the whole daemon:
history, evidence and settlement run as well. `idle_pages`: bytes of the daemon's memory a further agent's page that is
open. `start`: from the start of the daemon's process, its imports included, and from the moment it connects to the PBX,
to the first whole board.
"""

import argparse
import asyncio
import json
import statistics
from typing import Any

from benchmarks.boards import LOOKS_EVERY, Board, Seen, handshake, open_boards
from benchmarks.live_processes import Ccd, Relay

ASKED, ASKED_PAGE_BYTES, ASKED_START_S = 1.5, 20_000, 2.0
BOARDS, AGENTS, PAGES, EVENTS_PER_S = 300, 5_000, 5_000, 1_000.0
FRAME_INTERVAL_S = 0.04  # as the shipped configuration has it
WARM_UP_S = 3.0
SETTLE_S = 12.0  # two heartbeats, and whatever the allocator still does
BOARDS_A_LEAD = 15
SUBPROTOCOL = "Sec-WebSocket-Protocol: ccd.v1.msgpack"
FLOOR = b"\x82\xa2op\xa9subscribe\xa5topic\xa5floor"
ME = b"\x82\xa2op\xa9subscribe\xa5topic\xa2me"


async def looked_at(boards: list[Board], seen: Seen, seconds: float) -> Seen:
    """What `boards` see in `seconds`, after a warm-up; then they are closed."""
    await asyncio.sleep(WARM_UP_S)
    seen.counting = True
    await asyncio.sleep(seconds)
    seen.counting = False
    for board in boards:
        board.close()
    return seen


def told(seen: Seen, cpu_s: float, seconds: float, boards: int) -> dict[str, float]:
    return {
        "p50_ms": seen.p(0.5) * 1e3,
        "p99_ms": seen.p(0.99) * 1e3,
        "frames_per_s_a_board": round(seen.frames / seconds / boards, 1),
        "kB_per_s_a_board": round(seen.payload_bytes / seconds / boards / 1e3, 1),
        "events_per_s_a_board": round(seen.ages.total() / seconds / len(range(0, boards, LOOKS_EVERY)), 1),
        "server_cores": round(cpu_s / seconds, 3),
    }


async def round_of_ccd(args: argparse.Namespace, with_pages: bool) -> tuple[dict[str, float], dict[str, Any]]:
    with Ccd(args.agents, args.events_per_s, args.frame_interval_s, BOARDS_A_LEAD) as ccd:
        first = Seen()
        cookies = [f"Cookie: {cookie}" for cookie in ccd.lead_cookies(args.boards)]
        requests = [handshake(ccd.port, (SUBPROTOCOL, cookie)) for cookie in cookies]
        began = await ccd.first_whole_board(requests[0], FLOOR)
        seen = Seen()
        boards = await open_boards(ccd.port, requests, FLOOR, seen)
        cpu_s = ccd.server_cpu_s()
        figures = told(await looked_at(boards, seen, args.seconds), 0.0, args.seconds, args.boards)
        figures["server_cores"] = round((ccd.server_cpu_s() - cpu_s) / (args.seconds + WARM_UP_S), 3)
        more: dict[str, Any] = {"start": began}
        if with_pages:
            await asyncio.sleep(SETTLE_S)
            before = ccd.server_rss()
            requests = [handshake(ccd.port, (SUBPROTOCOL, f"Cookie: {cookie}")) for cookie in ccd.agent_cookies()]
            pages = await open_boards(ccd.port, requests[: args.pages], ME, first)
            await asyncio.sleep(SETTLE_S)
            more["page_bytes"] = (ccd.server_rss() - before) / len(pages)
            for page in pages:
                page.close()
        return figures, more


async def round_of_relay(args: argparse.Namespace, bytes_per_s: float) -> dict[str, float]:
    with Relay(args.events_per_s, round(bytes_per_s / args.events_per_s), args.frame_interval_s) as relay:
        seen = Seen()
        boards = await open_boards(relay.port, [handshake(relay.port)] * args.boards, None, seen)
        cpu_s = relay.server_cpu_s()
        figures = told(await looked_at(boards, seen, args.seconds), 0.0, args.seconds, args.boards)
        figures["server_cores"] = round((relay.server_cpu_s() - cpu_s) / (args.seconds + WARM_UP_S), 3)
        return figures


async def measure(args: argparse.Namespace) -> list[dict[str, Any]]:
    ccd: list[dict[str, float]] = []
    relay: list[dict[str, float]] = []
    more: dict[str, Any] = {}
    for number in range(args.rounds):
        figures, found = await round_of_ccd(args, with_pages=number == 0)
        ccd.append(figures)
        more |= found if number == 0 else {}
        relay.append(await round_of_relay(args, figures["kB_per_s_a_board"] * 1e3))
    ratios = [ours["p99_ms"] / theirs["p99_ms"] for ours, theirs in zip(ccd, relay, strict=True)]
    ratio = statistics.median(ratios)
    return [
        {
            "benchmark": "live", "ratio": round(ratio, 3), "asked": ASKED, "met": ratio <= ASKED,
            "ratios": [round(each, 3) for each in ratios], "boards": args.boards, "agents": args.agents,
            "events_per_s": args.events_per_s, "frame_interval_ms": args.frame_interval_s * 1e3,
            "ccd": middle(ccd), "relay": middle(relay),
            "least": {name: min(each["p99_ms"] for each in found) for name, found in (("ccd", ccd), ("relay", relay))},
        },
        {
            # Where the process has let go of more than the pages took, the difference says nothing of them.
            "benchmark": "idle_pages", "bytes_a_page": round(more["page_bytes"]) if more["page_bytes"] > 0 else None,
            "asked": ASKED_PAGE_BYTES, "met": 0 < more["page_bytes"] <= ASKED_PAGE_BYTES, "pages": args.pages,
        },
        {
            "benchmark": "start", "agents": args.agents, "asked_s": ASKED_START_S, **more["start"],
            "met": more["start"]["from_connect_s"] <= ASKED_START_S,
        },
    ]  # fmt: skip


def middle(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(statistics.median(each[name] for each in rounds), 3) for name in rounds[0]}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=float, default=10.0)
    arguments.add_argument("--boards", type=int, default=BOARDS)
    arguments.add_argument("--agents", type=int, default=AGENTS)
    arguments.add_argument("--pages", type=int, default=PAGES)
    arguments.add_argument("--events-per-s", type=float, default=EVENTS_PER_S)
    arguments.add_argument("--frame-interval-s", type=float, default=FRAME_INTERVAL_S)
    for figures in asyncio.run(measure(arguments.parse_args())):
        print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
