"""What waits for whoever leads units, and what they give, call out and look at, as the pages ask for it."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
HOUR_S = 3_600
MAY = ["give", "hand_budget", "open_emergency", "enter_overtime", "rule", "decide_appeal", "decide", "set_quota"]
NAMES = {"centre": "10001 热线", "team-1": "一班 · 国内", "team-2": "二班 · 国际", "team-3": "三班 · 宽带"}
ROW: Json = {
    "agent_days": 220, "service_level": 0.912, "utilisation": 0.82, "occupancy": 0.74, "aux_ratio": 0.0315,
    "pause_minutes_per_day": 8.2, "sign_ins_per_day": 2.1, "answered_per_hour": 9.4, "team_response": None,
}  # fmt: skip

APPEALED: Json = {
    "transfer": "12.1", "day": "2026-11-21", "service": "overdraft", "amount": -500, "leave": 435,
    "text": "",
    "facts": {"base": 28_800, "rate_ppm": 37_000, "allowance": 1_065, "aux": 2_000, "overdraft": 935},
    "spans": [
        {"start": "2026-11-21T14:00:00+08:00", "end": "2026-11-21T14:33:20+08:00", "counts_as": "aux",
         "reasons": ["personal"]}
    ],
}  # fmt: skip


def unit(name: str, today: date, may: list[str]) -> Json:
    return {
        "unit": name, "name": NAMES[name], "line": [name] if name == "centre" else [name, "centre"],
        "today": str(today), "may": may, "kinds": ["contest", "suggestion"],
        "levels": {"I": 300_000, "III": 600_000},
        "emergency_s_max": 4 * HOUR_S, "emergency_back_s_max": 1_800, "call_out_wait_s": 600,
        "entry_second_s": HOUR_S, "ruling_days_max": 62, "has_quotas": name == "centre",
    }  # fmt: skip


class FakeOffice:
    """`refused` is what the next act is refused with; see FakeBank."""

    def __init__(self) -> None:
        self.today = today = datetime.now(ZoneInfo("Asia/Shanghai")).date()
        self.office: Json = {"units": [unit(name, today, MAY) for name in NAMES], "agrees": True}
        common = {"unit": "team-1", "seconds": 8 * HOUR_S, "missing": 0, "state": "applied", "applied_at": time.time()}
        order = {"left": {"agents": 2, "seconds": None}, "balance": 5 * HOUR_S, "contract_ppm": 1_000_000}
        day = str(today + timedelta(days=3))
        self.undecided: list[Json] = [
            common | order | {"application": "a1", "agent": "1001", "day": day, "place": 1, "granted_days": 0},
            common | order | {"application": "a2", "agent": "1002", "day": day, "place": 2, "granted_days": 3},
        ]
        self.entries: list[Json] = [
            {"entry": "e1", "emergency": "flood", "agent": "1003", "day": str(today), "seconds": 9_000, "by": "li",
             "approved_by": None, "counts": False, "reason": "在备份职场接听", "entered_already": 1_800,
             "limit": HOUR_S}
        ]  # fmt: skip
        self.proposals: list[Json] = [
            {"proposal": "box/4711", "verdict": "open", "why": "", "name": "4711", "unit": "team-2",
             "agents": ["1025"], "seconds": 1_800, "kind": "suggestion", "reason": "表单现在自动填写"}
        ]  # fmt: skip
        self.changes: list[Json] = [
            {"change": "3", "kind": "roster", "what": "the roster, in place of import 4", "digest": "9f",
             "effect": {"measured_days": 2, "agents": ["1001"], "seconds": {"1001": -465}}, "by": "admin",
             "at": time.time() - 900, "reason": "坐在别处", "state": "waiting"}
        ]  # fmt: skip
        self.appeals: list[Json] = [
            {"appeal": "ap1", "agent": "1004", "unit": "team-1", "day": str(today - timedelta(days=1)),
             "transfer": "12.1", "state": "open", "ruling": None, "reason": "当时在培训"}
        ]  # fmt: skip
        began = time.time() - 7_200
        self.unruled: list[Json] = [
            {"agent": "1005", "unit": "team-1", "day": str(today), "what": "unobserved",
             "spans": [[began, began + 1_500]]}
        ]  # fmt: skip
        self.caps: list[Json] = [
            {"unit": name, "cap": cap, "given": given, "left": cap - given}
            for name, cap, given in (("centre", 360_000, 36_000), ("team-1", 120_000, 114_600), ("team-2", 120_000, 0))
        ]
        self.budgets: list[Json] = []
        self.emergencies: list[Json] = []
        self.worked: list[Json] = []
        self.calls: list[Json] = []
        self.quota: dict[str, Json] = {}
        self.loads: dict[str, str] = {}
        self.templates: list[Json] = [
            {"on": "friday", "since": str(today), "agents": 4, "seconds": None, "load": ""},
            {"on": "friday", "since": str(today), "agents": 2, "seconds": None, "load": "忙"},
        ]
        self.entered: list[Json] = []
        self.rulings: list[Json] = []

    def answers(self) -> dict[tuple[str, str], Callable[[Json], Any]]:
        return {
            ("GET", "office"): lambda _: self.office,
            ("GET", "withdrawals/undecided"): lambda _: {"undecided": self.undecided, "next": None},
            ("POST", "withdrawals/decisions"): lambda said: self._gone(self.undecided, "application", said),
            ("GET", "overtime-approvals"): lambda _: {"entries": self.entries, "next": None},
            ("POST", "overtime-approvals"): lambda said: self._gone(self.entries, "entry", said),
            ("POST", "overtime-approvals/declined"): lambda said: self._gone(self.entries, "entry", said),
            ("GET", "packet-proposals"): lambda _: {"proposals": self.proposals, "next": None},
            ("POST", "packet-proposals/decisions"): lambda said: self._gone(self.proposals, "proposal", said),
            ("GET", "changes"): lambda _: {"changes": self.changes, "next": None},
            ("POST", "changes/decisions"): lambda said: self._gone(self.changes, "change", said),
            ("GET", "appeals/undecided"): lambda _: {"undecided": self.appeals, "next": None},
            ("GET", "appeals/ap1/line"): lambda _: APPEALED,
            ("POST", "appeals/decisions"): lambda said: self._gone(self.appeals, "appeal", said),
            ("GET", "rulings/waiting"): lambda _: {"waiting": self.unruled, "next": None},
            ("POST", "rulings"): self._rule,
            ("GET", "rulings"): lambda _: {"rulings": self.rulings, "next": None},
            ("POST", "rulings/reversals"): self._reverse,
            ("GET", "red-packets/caps"): lambda _: {"month": str(self.today)[:7], "units": self.caps},
            ("GET", "budgets"): lambda _: {"budgets": self.budgets, "next": None},
            ("POST", "budgets"): self._hand,
            ("POST", "budgets/b1/recall"): lambda _: self._recall(),
            ("POST", "red-packets"): lambda said: {"packet": "p", "total": said["seconds"] * len(said["agents"])},
            ("GET", "emergencies"): lambda _: {"emergencies": self.emergencies, "next": None},
            ("POST", "emergencies"): self._open,
            ("GET", "emergencies/flood"): lambda _: (
                self.emergencies[0] | {"calls": self.calls, "entries": self.entered, "worked": self.worked}
            ),
            ("POST", "emergencies/flood/entries"): self._enter,
            ("POST", "emergencies/flood/call-outs"): self._call,
            ("POST", "emergencies/flood/end"): lambda _: self._until(time.time()),
            ("POST", "emergencies/flood/prolong"): lambda said: self._until(said["until"]),
            ("GET", "strike-team/centre"): lambda _: {"unit": "centre", "agents": ["1001", "1002"]},
            ("GET", "quotas/centre/days"): self._days,
            ("GET", "quotas/centre"): lambda _: {"unit": "centre", "quotas": self.templates},
            ("POST", "day-loads"): self._mark,
            ("PUT", "quotas/centre"): self._set,
            ("GET", "withdrawals"): lambda said: {"applications": self._applied(said["from"]), "next": None},
            ("GET", "reports"): self._report,
            ("GET", "supply"): lambda said: {"month": "", "units": [self._supply(runs=not said)], "warnings": {}},
        }

    def _gone(self, waiting: list[Json], name: str, said: Json) -> Json:
        one = next(one for one in waiting if one[name] == said[name])
        waiting.remove(one)
        return one

    def _open(self, said: Json) -> Json:
        now = time.time()
        ends = said.get("until", now + 4 * HOUR_S)
        of = {
            "unit": said["unit"],
            "level": said["level"],
            "interest_ppm": 300_000,
            "round_up_s": 0,
            "starts": now - 5,
            "ends": ends,
        }
        self.emergencies.insert(0, {"emergency": "flood"} | of)
        return self.emergencies[0]

    def flood(self) -> None:
        """An emergency runs, and some were called out."""
        self._open({"unit": "centre", "level": "I"})
        self._call({})

    def _call(self, _: Json) -> Json:
        now = time.time()
        answered = {"answered_at": now, "arrived_at": None}
        self.calls = [
            {"agent": "1001", "called_at": now - 700, "comes": True, "signed_in_at": now - 580} | answered,
            {"agent": "1002", "called_at": now - 700, "comes": None, "signed_in_at": None} | answered,
            {"agent": "1003", "called_at": now - 700, "comes": False, "signed_in_at": None} | answered,
        ]
        much = {"within": "day", "seconds": 13_500, "enough": 10_800}
        earned = {"principal": 7_200, "entered": 0, "interest": 2_160, "warnings": [much]}
        self.worked = [{"agent": "1001", "day": str(self.today), "kind": "workday"} | earned]
        return {"calls": self.calls}

    def _enter(self, said: Json) -> Json:
        entry = {
            "entry": "e2",
            "emergency": "flood",
            "day": str(self.today),
            "by": "lead1",
            "approved_by": None,
            "declined_by": None,
        }
        counts = said["seconds"] <= HOUR_S
        figures = {} if counts else {"entered_already": 1_800, "limit": HOUR_S}
        self.entered.append(entry | said | {"counts": counts} | figures)
        return self.entered[-1]

    def _rule(self, said: Json) -> Json:
        if any(one["agent"] == said.get("agent") for one in self.unruled):
            return self._gone(self.unruled, "agent", said)
        ruling = {"ruling": f"r{len(self.rulings)}", "agent": said.get("agent"), "unit": said.get("unit")}
        what = {"starts": said["from"], "ends": said["to"], "counts": said["counts"], "reverses": None}
        self.rulings.append(ruling | what)
        return self.rulings[-1]

    def _reverse(self, said: Json) -> Json:
        one = next(one for one in self.rulings if one["ruling"] == said["ruling"])
        self.rulings.append(one | {"ruling": "back", "counts": "as_measured", "reverses": one["ruling"]})
        return self.rulings[-1]

    def _hand(self, said: Json) -> Json:
        self.budgets.append({"budget": "b1", "month": str(self.today)[:7], "given": 0, "ended": False} | said)
        return self.budgets[-1]

    def _recall(self) -> Json:
        self.budgets[0]["ended"] = True
        return self.budgets[0]

    def _mark(self, said: Json) -> Json:
        self.loads[said["day"]] = said["load"]
        return said

    def _until(self, ends: float) -> Json:
        self.emergencies[0]["ends"] = ends
        return self.emergencies[0]

    def _days(self, said: Json) -> Json:
        first, last = date.fromisoformat(said["from"]), date.fromisoformat(said["to"])
        days = [str(first + timedelta(days=number)) for number in range((last - first).days + 1)]
        return {"unit": "centre", "days": [self._day(day) | {"load": self.loads.get(day, "")} for day in days]}

    def _day(self, day: str) -> Json:
        places = {"agents": 4, "seconds": None}
        usual = {"quota": places, "left": places | {"agents": 2}, "approved": 1, "applied": 1, "waiting": 0}
        return {"day": day} | usual | self.quota.get(day, {})

    def _set(self, said: Json) -> Json:
        places = {"agents": said["agents"], "seconds": said["seconds"]}
        if "-" not in said["on"]:
            self.templates.append(said | {"since": str(self.today)})
            return {"unit": "centre", "quotas": self.templates}
        self.quota[said["on"]] = {"quota": places, "left": places}
        return {"unit": "centre", "quotas": []}

    def _applied(self, day: str) -> list[Json]:
        common = {"unit": "team-1", "day": day, "seconds": 8 * HOUR_S, "missing": 0, "applied_at": time.time()}
        states = {"1001": "applied", "1006": "approved"}
        return [common | {"application": f"{day}/{agent}", "agent": agent, "state": of} for agent, of in states.items()]

    def _report(self, said: Json) -> Json:
        row, before = ROW, ROW | {"aux_ratio": 0.0457}
        if said["show"] == "distribution":
            row = {"agents": 60, "below_1": 0.05, "reasonable": 0.7, "above_10": 0.1, "between": 0.15}
            row |= {"steps": [1, 2, 3, 4, 6, 20, 12, 4, 2, *[0] * 11, 3, *[0] * 9, 3]}
            before = row | {"steps": [60, *[0] * 30]}
        rows = [{"from": said["from"], "to": said["to"], "unit": name} | row | {"against": before} for name in NAMES]
        return {"formulas": {}, "rows": rows}

    def _supply(self, runs: bool) -> Json:
        """`runs`: of the month that does, and no other."""
        sums = {"deposited": {"savings": 465_000, "gift": 36_000}, "taken": {"overdraft": 9_350, "withdrawal": 288_000}}
        more = {"outstanding": 900_000, "held": 28_800, "outstanding_days": 31.2, "owed_to_attendance": 435}
        caps = {"gift_cap": 360_000, "gifts": 36_000, "rush": 0, "rush_worth": 0, "idle": 0}
        return {
            "unit": "centre",
            **sums,
            **more,
            **caps,
            "payable": 5_760_000,
            "can_be_staffed": True if runs else None,
        }
