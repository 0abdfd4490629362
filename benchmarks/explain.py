"""How long a line of a statement takes to be explained in the ledger of a year, on both engines.

    python -m benchmarks.explain [--engine sqlite|postgresql] [--agents N] [--days N] [--lines N]

One JSON object an engine. A centre of 30 agents has worked on 260 days, each agent with some fifty segments a day
that follow from events: those are kept as evidence, a second of them a member, in a file a day. The days are measured
and settled by the code that does it anywhere. Then lines by chance are explained, from the transfer to what the switch
said, each as `ccd explain` does it once its database is open: `p50` and `p99` in milliseconds, of what is asked for by
default and (`all_…`) of every span of the day. `events` is how many the middle one ends in.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.settlement import urls
from ccd.bank.settle import Settler
from ccd.daemon.explained.explaining import explained
from ccd.daemon.site import Site
from ccd.floor.days import SECOND
from ccd.floor.seats import Pause, State, View
from ccd.floor.segments import Segment
from ccd.history.close import Closer
from ccd.history.schema import segments, sources
from ccd.history.segment_rows import COLUMNS, segment_row
from ccd.ledger.books import Ledger
from ccd.ledger.model import Transfer
from ccd.ledger.schema import entries
from ccd.org.csv_faults import Written
from ccd.pbx.evidence import pbx_folder
from ccd.pbx.evidence_file import REF_NUMBERS, Record, day_path, pack_member, seal
from ccd.reports.explained import events_of
from ccd.settings import Settings
from ccd.sql.engine import open_engine
from ccd.sql.migrate import upgrade
from ccd.sql.rows import insert_rows

AGENTS, DAYS, LINES = 30, 260, 500
FIRST_DAY = date(2025, 11, 3)
PBX = "pbx"
CALLS, PAUSES = 14, 5  # of an agent's day
REASONS = ("toilet", "water", "meal", "ticket")
HEADERS = (
    "Event: {event}", "Timestamp: {at:.6f}", "Queue: support", "MemberName: {name}", "Interface: {seat}",
    "StateInterface: {seat}", "Membership: dynamic", "Penalty: 0", "CallsTaken: 3", "LastCall: 1762128000",
    "LastPause: 0", "InCall: 0", "Status: 1", "Paused: {paused}", "PausedReason: {reason}", "Ringinuse: 0",
    "Wrapuptime: 0",
)  # fmt: skip
BLOCK = "\r\n".join(HEADERS)

Change = tuple[int, State, str]  # µs, and what the seat is in from then on


@dataclass
class Year:
    """What is written so far: the seats' open segments, and the number of the newest."""

    folder: Path
    agents: int
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    open: dict[str, Segment] = field(default_factory=dict)
    number: int = 0

    @property
    def names(self) -> list[str]:
        return [str(1_000 + number) for number in range(self.agents)]

    def day_of_agent(self, start: int) -> list[Change]:
        """From sign-in to sign-out: calls with their ringing and wrap-up, and pauses between."""
        at = start + self.chance.randint(28_000, 30_000) * SECOND
        found: list[Change] = [(at, State.AVAILABLE, "")]
        spells = ["call"] * CALLS + ["pause"] * PAUSES
        self.chance.shuffle(spells)
        for spell in spells:
            at += self.chance.randint(300, 1_200) * SECOND + self.chance.randint(0, 999_999)
            if spell == "pause":
                found.append((at, State.PAUSED, self.chance.choice(REASONS)))
                at += self.chance.randint(30, 400) * SECOND
            else:
                found += [(at, State.RINGING, ""), (at + 5 * SECOND, State.ON_CALL, "")]
                at += self.chance.randint(60, 300) * SECOND
            found.append((at, State.AVAILABLE, ""))
        return [*found, (at + 600 * SECOND, State.SIGNED_OUT, "")]

    def day(self, day: date) -> list[tuple[Any, ...]]:
        """The rows of a day's segments; its evidence is written."""
        start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND
        changes = sorted((at, name, state, reason) for name in self.names
                         for at, state, reason in self.day_of_agent(start))  # fmt: skip
        first_ref = int(day.strftime("%Y%m%d")) * REF_NUMBERS
        rows = []
        for number, (at, name, state, reason) in enumerate(changes, 1):
            ref, seat = first_ref + number, f"PJSIP/{name}"
            if before := self.open.get(seat):
                rows.append(segment_row(PBX, before.closed(at, ref)))
            self.number += 1
            paused = Pause.ALL if state is State.PAUSED else Pause.NONE
            view = View(name, state, state is not State.SIGNED_OUT, paused, reason, at)
            offered, answered = int(state is State.RINGING), int(state is State.ON_CALL)
            self.open[seat] = Segment(seat, self.number, at, None, view, True, offered, answered, 0, ref, 0)
        self._keep(day, changes)
        return rows

    def _keep(self, day: date, changes: list[tuple[int, str, State, str]]) -> None:
        numbered = list(enumerate(changes, 1))
        path = day_path(self.folder, int(day.strftime("%Y%m%d")))
        with path.open("wb") as stream:
            for _, some in groupby(numbered, key=lambda each: each[1][0] // SECOND):
                stream.write(pack_member([Record(number, _block(*change)) for number, change in some]))
        seal(path)


def _block(at: int, name: str, state: State, reason: str) -> bytes:
    event = "QueueMemberPause" if state is State.PAUSED else "QueueMemberStatus"
    said = BLOCK.format(event=event, at=at / SECOND, name=name, seat=f"PJSIP/{name}", paused=int(state is State.PAUSED),
                        reason=reason)  # fmt: skip
    return said.encode()


def site_of(folder: Path, year: Year) -> Site:
    roster = "".join(["agent,interface,member_name,unit\n", *(f"{n},PJSIP/{n},,team-1\n" for n in year.names)])
    settings = {
        "state_directory": folder,
        "evidence": {"directory": folder / "evidence"},
        "pbx": [{"name": PBX, "host": "127.0.0.1", "secret": "x"}],
    }
    return Site(Settings.model_validate(settings), Written(Path("roster.csv"), roster))


async def fill(engine: AsyncEngine, site: Site, year: Year, days: list[date]) -> None:
    """Recorded, measured and settled."""
    end = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp()) * SECOND
    for day in days:
        rows = year.day(day)
        async with engine.begin() as connection:
            await connection.run_sync(insert_rows, segments, COLUMNS, rows)
    async with engine.begin() as connection:
        await connection.run_sync(
            insert_rows, segments, COLUMNS, [segment_row(PBX, each.closed(end, 0)) for each in year.open.values()]
        )
        heard = {"pbx": PBX, "writer": "bench", "written": 1, "number": year.number, "heard_at": end, "ref": 0}
        await connection.execute(insert(sources).values(heard))
    ledger = Ledger(engine, lambda: end)
    settler = Settler(ledger, site.policies, "bench", lambda: days[-1])
    closer = Closer(
        engine, site.measured_by, [PBX], settler.settle, lambda: end, 0
    )  # fmt: skip
    for number, day in enumerate(days, 1):
        await closer.close("team-1", day)
        if sys.stderr.isatty():
            print(f"\rexplain: {number} of {len(days)} days", end="", file=sys.stderr, flush=True)


async def measure(name: str, url: str, agents: int, days: int, lines: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="ccd-bench-evidence-") as place:
        folder = Path(place)
        year = Year(pbx_folder(folder / "evidence", PBX), agents)
        year.folder.mkdir(parents=True)
        site, engine = site_of(folder, year), open_engine(url)
        await upgrade(engine)
        worked = [
            day for day in (FIRST_DAY + timedelta(days=number) for number in range(days * 2)) if day.weekday() < 5
        ]
        await fill(engine, site, year, worked[:days])
        async with engine.connect() as connection:
            there = [
                Transfer(*row) for row in await connection.execute(select(entries.c.transaction_id, entries.c.leg))
            ]
        asked = random.Random(2).choices(there, k=lines)
        found: dict[str, Any] = {"name": "explain", "engine": name, "transfers": len(there), "segments": year.number}
        await explained(engine, site, asked[0])
        for prefix, everything in (("", False), ("all_", True)):
            took, ended_in = [], []
            for transfer in asked:
                began = time.perf_counter()
                told = await explained(engine, site, transfer, everything)
                took.append((time.perf_counter() - began) * 1e3)
                events = {said.ref: said for said in events_of(told)}
                assert events
                assert not any(said.missing for said in events.values()), told
                ended_in.append(len(events))
            found |= {
                f"{prefix}p50": round(statistics.median(took), 2),
                f"{prefix}p99": round(statistics.quantiles(took, n=100)[98], 2),
                f"{prefix}events": statistics.median(ended_in),
            }
        await engine.dispose()
        return found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    arguments.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    arguments.add_argument("--agents", type=int, default=AGENTS)
    arguments.add_argument("--days", type=int, default=DAYS)
    arguments.add_argument("--lines", type=int, default=LINES)
    chosen = arguments.parse_args()
    for name in chosen.engine or ("sqlite", "postgresql"):
        with urls(name) as new_urls:
            url = next(iter(new_urls))
            print(json.dumps(asyncio.run(measure(name, url, chosen.agents, chosen.days, chosen.lines))), flush=True)


if __name__ == "__main__":
    main()
