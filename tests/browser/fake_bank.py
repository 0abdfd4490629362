"""The bank's services as the pages ask for them: a loan that is offset, days off, lines that are explained."""

import time
from collections.abc import Callable
from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.browser.fake_office import FakeOffice

Json = dict[str, Any]

NOVEMBER: Json = {
    "month": "2026-11",
    "opens": "2026-11-25",
    "closes": 0.0,
    "balance": 3_000,
    "by_itself": True,
    "items": [
        {"item": "2026-11-10/idle", "made": 1_800, "offset": 0, "taken": 0, "open": 1_800},
        {"item": "2026-11-12/day", "made": 435, "offset": 0, "taken": 0, "open": 435},
        {"item": "2026-11-17/idle", "made": 600, "offset": 600, "taken": 0, "open": 0},
    ],
    "forecast": {"full": True, "points": 10, "faults": []},
    "expires": None,
}
DAY_S = 86_400


HOUR_S = 3_600
WEEK = 7


def day_off(number: int) -> Json:
    """Places of a day: three on most, none left on each fifth, no shift on two of seven."""
    costs = 0 if number % WEEK in (3, 4) else 8 * HOUR_S
    places = {"agents": 0 if number % 5 == 2 else 3, "seconds": None, "waiting": 2 if number % 5 == 2 else 0}
    return places | {
        "ahead": None, "unit": "centre", "allocated_at": None, "costs": costs, "begins": None, "ends": None, "own": [],
    }  # fmt: skip


SAID = {"pbx": "pbx-1", "ref": 1, "missing": ""}
SEEN = {
    "start": "2026-11-21T14:00:00+08:00", "end": "2026-11-21T14:33:20+08:00", "state": "paused", "reason": "water",
    "began": SAID | {"text": "Event: QueueMemberPause\nInterface: PJSIP/1007\nPaused: 1\nReason: water"},
    "ended": SAID | {"text": "", "missing": "purged with 2026-11-21.log"},
}  # fmt: skip
EXPLAINED: Json = {
    "posted": {
        "asked_by": "daemon", "text": "", "recorded_at": "2026-11-22T00:10:00+08:00",
        "facts": {"base": 28_800, "rate_ppm": 37_000, "allowance": 1_065, "aux": 2_000, "overdraft": 935},
    },
    "amount": -500, "leave": 435, "moves": [{"day": "2026-11-21", "service": "overdraft"}],
    "words": ["33 min 20 s of aux time were measured; 17 min 45 s are allowed."],
    "day": {
        "day": "2026-11-21", "policy": "the policy of team-1 since 2026-11-01", "doubts": [],
        "parts": [{"start": SEEN["start"], "end": SEEN["end"], "is": "aux", "seen": [SEEN]}],
    },
    "acts": [{"at": "2026-11-21T18:00:00+08:00", "by": "王经理", "kind": "rule", "why": "CRM 故障"}],
}  # fmt: skip
POLICY: Json = {
    "id": "1", "unit": "team-1", "from": "2026-11-01", "to": None, "state": "agreed", "published_at": 1_795_000_000.0,
    "published_by": "li", "agreed_by": "wang", "reason": "职代会通过", "read_at": None,
    "keys": [
        {"key": "rate_ppm", "value": 30_000, "default": 37_000, "why": "the allowance, in parts per million"},
        {"key": "overdraft_takes", "value": ["savings", "gift"], "default": ["savings"], "why": "in that order"},
        {"key": "expires_after_months", "value": 12, "default": 0, "why": "0: it never expires"},
        {"key": "gift.cap_ppm", "value": 10_000, "default": 10_000, "why": "at most of a month's scheduled time"},
    ],
}  # fmt: skip

SEEN_BY = ["self", "leaders", "auditor"]
RECORDED: list[Json] = [
    {"name": "segments", "rows": 812, "first": 1.0, "last": 1_796_000_000.0, "kept_days": None, "seen_by": SEEN_BY},
    {"name": "evidence", "rows": None, "first": None, "last": None, "kept_days": 365, "seen_by": ["machine"]},
    {"name": "readings", "rows": 1, "first": 1.0, "last": 1_796_000_000.0, "kept_days": None, "seen_by": SEEN_BY},
]
READING: Json = {"at": 1_796_000_000.0, "what": {"by": "audit", "kind": "read statement", "for_whom": ""}}


class RefusedError(Exception):
    def __init__(self, status: int, detail: str, because: str = "", **facts: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.told = {"type": f"urn:ccd:{because}", "facts": facts} if because else {}


class FakeBank:
    """`acts` are those that were done, by key; one that is sent again is not done again."""

    def __init__(self) -> None:
        self.loan = deepcopy(NOVEMBER) | {"opens": "2000-01-01", "closes": time.time() + 5 * DAY_S}
        self.first = datetime.now(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=1)
        self.days = {self.first + timedelta(days=number): day_off(number) for number in range(91)}
        self.allocations: dict[str, Json] = {}
        self.appeals: list[Json] = []
        self.policies = [POLICY | {"id": "2", "from": "2099-01-01", "read_at": 1_795_503_600.0}, dict(POLICY)]
        self.refuses: RefusedError | None = None
        self.acts: dict[str, Json] = {}
        self._answers: dict[tuple[str, str], Callable[[Json], Any]] = {
            ("GET", "me/loan"): lambda _: self._owed(),
            ("POST", "me/offsets"): self._offset,
            ("GET", "withdrawals/calendar"): self._calendar,
            ("POST", "withdrawals"): self._apply,
            ("POST", "appeals"): self._appeal,
            ("POST", "appeals/withdrawals"): lambda said: self._end(said["appeal"], "withdrawn"),
            ("GET", "me/recorded"): lambda _: {"agent": "1007", "categories": RECORDED},
            ("GET", "me/recorded/readings"): lambda said: {
                "name": "readings",
                "lines": [READING],
                "next": None if "next" in said else "behind it",
            },
            ("GET", "policies"): lambda _: {"policies": self.policies},
            ("POST", "me/policies/1/read"): lambda _: self._read(),
            ("POST", "withdrawals/cancellations"): self._cancel,
        }
        self.office = FakeOffice()
        self._answers |= self.office.answers()
        self._answers["GET", "appeals"] = lambda _: {"appeals": self.appeals, "next": None}

    def answer(self, method: str, path: str, said: Json, key: str) -> Any:
        """RefusedError where it can't be; 404 where nobody knows of it."""
        if self.refuses is not None:
            raise self.refuses
        if method == "POST" and key in self.acts:
            raise RefusedError(500, f"{key} was sent again, and no test wants that")
        if path.startswith("explain/"):
            return EXPLAINED | {"transfer": path.removeprefix("explain/")}
        if path in self.allocations:
            return self.allocations[path]
        do = self._answers.get((method, path))
        if do is None:
            raise RefusedError(404, f"There is no {path}.")
        answer = do(said)
        if method != "GET":
            self.acts[key or path] = said
        return answer

    def _owed(self) -> Json:
        owed = sum(item["open"] for item in self.loan["items"])
        return {**self.loan, "owed": owed, "could": min(owed, self.loan["balance"])}

    def _offset(self, said: Json) -> Json:
        if said.get("keep"):
            self.loan["by_itself"] = False
            return self._owed()
        if said.get("back"):
            (item,) = (item for item in self.loan["items"] if item["item"] == said["item"])
            self.loan["balance"] += item["offset"]
            item["open"], item["offset"] = item["open"] + item["offset"], 0
            return self._owed()
        items = [item for item in self.loan["items"] if item["open"] and said.get("item") in (None, item["item"])]
        left = said.get("seconds", sum(item["open"] for item in items))
        if left > self.loan["balance"]:
            raise RefusedError(422, f"1007 has {self.loan['balance']} s to give, and {left} s are asked")
        self.loan["balance"] -= left
        for item in items:
            part = min(item["open"], left)
            item["open"], item["offset"], left = item["open"] - part, item["offset"] + part, left - part
        return self._owed()

    def _appeal(self, said: Json) -> Json:
        name = f"ap{9 - len(self.appeals)}"  # a newer one is told before those of before
        self.appeals.insert(0, {"appeal": name, "transfer": said["transfer"], "state": "open", "answer": ""})
        return self.appeals[0]

    def _end(self, name: str, state: str) -> Json:
        appeal = next(one for one in self.appeals if one["appeal"] == name)
        appeal["state"] = state
        return appeal

    def _read(self) -> Json:
        self.policies[1]["read_at"] = time.time()
        return {"id": "1", "read_at": self.policies[1]["read_at"]}

    def _calendar(self, said: Json) -> Json:
        first, last = date.fromisoformat(said["from"]), date.fromisoformat(said["to"])
        return {"days": [{"day": str(day), **of} for day, of in self.days.items() if first <= day <= last]}

    def _apply(self, said: Json) -> Json:
        first = date.fromisoformat(said["day"])
        last = date.fromisoformat(said.get("until") or said["day"])
        made = []
        for day in (day for day in self.days if first <= day <= last and self.days[day]["costs"]):
            of = self.days[day]
            seconds = said["to"] - said["from"] if "from" in said else of["costs"]
            state = "applied" if of["agents"] else "waiting"
            of["own"].append(application(day, state, seconds))
            of["ahead"] = of["waiting"] if state == "waiting" else None
            made.append({"state": state})
        return {"applications": made}

    def _cancel(self, said: Json) -> Json:
        own: Json = next(
            own for of in self.days.values() for own in of["own"] if own["application"] == said["application"]
        )
        own["state"] = "cancelled"
        return own


def application(day: date, state: str, seconds: int = 8 * HOUR_S) -> Json:
    until = str(day - timedelta(days=1))
    said = {"application": f"{day}-{state}", "seconds": seconds, "missing": 0, "state": state, "cancel_until": until}
    return said | {"moved_to": None}
