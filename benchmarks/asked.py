"""What each benchmark's figures are to be: the table that the report is made of.

Every benchmark prints JSON objects: `where` says in which of them a figure stands, `key` where in that one, its dots
leading inwards.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Bound = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True)
class Figure:
    what: str
    benchmark: str  # python -m benchmarks.…
    key: str
    asked: float
    bound: Bound
    where: Mapping[str, object] = field(default_factory=dict)
    unit: str = ""  # "": a ratio
    scale: float = 1.0  # what the benchmark's figure is multiplied by
    own: bool = False  # stricter than what was asked: a bound of ours

    def found_in(self, said: Iterable[Mapping[str, Any]]) -> float | None:
        """The figure among a benchmark's objects; None where it is not."""
        for one in said:
            if all(one.get(key) == value for key, value in self.where.items()):
                value: Any = one
                for key in self.key.split("."):
                    value = value.get(key) if isinstance(value, Mapping) else None
                if isinstance(value, int | float):
                    return value * self.scale
        return None

    def is_met(self, figure: float) -> bool:
        return figure >= self.asked if self.bound == "at least" else figure <= self.asked


ENTRIES = 2  # of a transfer: a debit and a credit
VERIFIED: tuple[tuple[str, str, float, Bound, str, float, bool], ...] = (
    *(
        (f"{what} of one core, {legs} a transaction", key, 200_000.0, "at least", "/s", scale, own)
        for legs, key in (("one transfer", "transfers_per_s"), ("four transfers", "transfers_per_s_of_four"))
        for what, scale, own in (("entries", ENTRIES, False), ("transfers", 1, True))
    ),
    (
        "one transfer, against one of a ledger with a tenth of them: CPU time",
        "ratio_large",
        1.2,
        "at most",
        "",
        1,
        False,
    ),
)

FIGURES = (
    Figure(
        "whole pipeline, AMI bytes to frames, against panoramisk alone: events/s",
        "pipeline", "ratio", 1.0, "at least", {"name": "pipeline"},
    ),
    Figure(
        "an event on a floor of 50,000 agents against one on a floor of 500, shown as it comes: cost",
        "pipeline", "ratio", 1.2, "at most", {"name": "pipeline_scale"},
    ),
    Figure(
        "an event on a floor of 50,000 agents against one of 500, as fast as it goes, each batch shown by itself: cost",
        "pipeline", "ratio_flat_out", 1.2, "at most", {"name": "pipeline_scale"},
    ),
    Figure(
        "an event on a floor of 50,000 agents against one of 500, as fast as it goes, frames at the interval: cost",
        "pipeline", "ratio_gathered", 1.2, "at most", {"name": "pipeline_scale"},
    ),
    Figure(
        "capture, AMI bytes to the floor's events, against panoramisk alone: events/s",
        "capture", "ratio", 1.0, "at least", {"stream": "read = agent"},
    ),
    Figure(
        "event at the PBX to frame, 300 boards of 5,000 agents, against a bare relay: p99",
        "live", "ratio", 1.5, "at most", {"benchmark": "live"},
    ),
    Figure(
        "event at the PBX to frame, 300 boards of 5,000 agents: p99", "live", "ccd.p99_ms", 50.0, "at most",
        {"benchmark": "live"}, "ms",
    ),
    Figure(
        "a further agent's page that is open: memory", "live", "bytes_a_page", 20.0, "at most",
        {"benchmark": "idle_pages"}, "KB", 1e-3,
    ),
    Figure(
        "login at the switch to the first complete board of 5,000, nothing stored yet", "start", "seconds", 2.0,
        "at most", {"store": "fresh"}, "s",
    ),
    Figure(
        "login at the switch to the first complete board of 5,000, started again on what is stored", "start", "seconds",
        2.0, "at most", {"store": "again"}, "s",
    ),
    Figure(
        "a restart late in a day of 5,000 agents with 200 segments each: its counters again, against reading the rows",
        "restart", "ratio", 3.0, "at most",
    ),
    Figure(
        "a restart late in a day of 5,000 agents with 200 segments each: seconds of one core", "restart", "refill_s",
        10.0, "at most", unit="s",
    ),
    *(
        Figure(
            f"settlement of 100,000 agent-days{what} against a bare insert, {engine}: time", "settlement", key, 3.0,
            "at most", {"engine": engine.lower()},
        )
        for engine in ("SQLite", "PostgreSQL")
        for what, key in (("", "ratio"), (", held against their shifts,", "ratio_with_schedules"))
    ),
    Figure(
        "a year of 2,000 agents from seat segments on, a week of it from AMI bytes: minutes on two cores", "year",
        "minutes", 10.0, "at most", unit="min",
    ),
    *(
        Figure(f"durable transfers/s, {engine}: {what}", "ledger", key, asked, "at least", {"engine": engine.lower()})
        for engine in ("SQLite", "PostgreSQL")
        for what, key, asked in (
            ("one by one, against a bare transaction of two rows of as many columns and indexes", "singles_whole", 0.5),
            ("one by one, against a bare transaction of two rows of three and four columns", "singles", 0.5),
            ("in batches of 500, against as many bare rows of as many columns and indexes", "batches_whole", 0.3),
            ("in batches of 500, against as many bare rows of three and four columns", "batches", 0.3),
            ("8 clients to one house account, against one each", "hot_house", 0.9),
            ("8 clients drawing on one cap, against the same without", "hot_cap", 0.7),
        )
    ),
    *(
        Figure(
            f"durable transfers/s, PostgreSQL: 8 clients among {owners} accounts, against pgledger's way", "ledger",
            f"pgledger_{owners}", asked, "at least", {"engine": "postgresql"},
        )
        for owners, asked in ((50, 1.0), (2, 2.0))
    ),
    *(
        Figure(
            f"ledger of 10 million transfers, {engine}: {what}", "growth", key, asked, "at most",
            {"engine": engine.lower()}, unit, own="moment" in key,
        )
        for engine in ("SQLite", "PostgreSQL")
        for what, key, asked, unit in (
            ("one posting, against one at 100,000: time", "posting", 1.2, ""),
            ("500 postings in one transaction, against those at 100,000: time", "batch", 1.2, ""),
            ("an agent's balance: p50", "reads_ms.balance.p50", 5.0, "ms"),
            ("an agent's balance at a past day: p50", "reads_ms.balance_on_day.p50", 5.0, "ms"),
            ("the balance of the account that everybody posts to, at a past day: p50",
             "reads_ms.house_balance_on_day.p50", 5.0, "ms"),
            ("the balance of the account that everybody posts to, at a past moment: p50",
             "reads_ms.house_balance_at_moment.p50", 5.0, "ms"),
            ("the first page of a statement: p50", "reads_ms.first_page.p50", 5.0, "ms"),
        )
    ),
    *(
        Figure(
            f"ledger verified, {engine}: {what}", "verify", key, asked, bound, {"engine": engine.lower()}, unit, scale,
            own,
        )
        for engine in ("SQLite", "PostgreSQL")
        for what, key, asked, bound, unit, scale, own in VERIFIED
    ),
    *(
        Figure(
            f"a line explained in the ledger of a year, {engine}, to what the switch said: {what}",
            "explain", key, 100.0, "at most", {"engine": engine.lower()}, "ms",
        )
        for engine in ("SQLite", "PostgreSQL")
        for what, key in (("p99", "p99"), ("p99, every span of the day", "all_p99"))
    ),
    Figure(
        "board of 5,000 agents with 1,000 changes/s in Chromium on one core", "board_in_browser", "tiles.frames_per_s",
        60.0, "at least", unit="frames/s",
    ),
    Figure(
        "first load of the pages, compressed", "page_size", "kilobytes", 150.0, "at most", unit="KB",
    ),
)  # fmt: skip

BENCHMARKS = tuple(dict.fromkeys(figure.benchmark for figure in FIGURES))
