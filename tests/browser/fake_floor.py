"""A made-up floor for the pages: agents as the live channel tells them, an account with a statement."""

import random
import time
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

SURNAMES = "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗".split()
GIVEN = "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀兰 霞 平".split()
UNITS = {"team-1": "一班 · 国内", "team-2": "二班 · 国际", "team-3": "三班 · 宽带"}
STATES = {
    "on_call": 38,
    "available": 20,
    "ringing": 4,
    "wrap_up": 8,
    "paused": 18,
    "unreachable": 2,
    "unobserved": 1,
    "signed_out": 8,
}
PAUSES = ["toilet", "water", "ticket", "transaction", "meal", "training", ""]
ALLOWANCE_S = 1065
RATE_PPM = 37_000


POLICY = {
    "rate_ppm": RATE_PPM,
    "expected_base_s": 28_800,
    "base_s_max": 43_200,
    "allowance_min_s": 0,
    "overdraft_takes": ["savings", "gift", "interest", "overtime"],
}


def _reason(zh: str, en: str, **more: Any) -> Json:
    common = {"policy": "counts", "personal": False, "threshold_s": None, "max_s": None, "max_s_day": None}
    return {"zh": zh, "en": en, **common, **more}


CLOCK: Json = {"timezone": "Asia/Shanghai", "day_starts_at": "00:00:00"}
SITE: Json = {
    "site": "demo",
    "units": [{"unit": unit, "name": name, **CLOCK} for unit, name in UNITS.items()],
    **CLOCK,
    "reasons": {
        "toilet": _reason("上厕所", "Toilet", personal=True, threshold_s=300),
        "water": _reason("打水", "Water", personal=True, threshold_s=300),
        "ticket": _reason("提交工单", "Ticket", threshold_s=420),
        "transaction": _reason("受理业务", "Transaction"),
        "meal": _reason("用餐", "Meal", policy="exempt", max_s_day=3600, threshold_s=3600),
        "training": _reason("培训", "Training", policy="exempt"),
    },
    "pause_threshold_s": 600,
    "wait_threshold_s": 60,
    "nudge_left_s": 120,
    "nudge_pause_s": 900,
}


def make_agent(number: int, unit: str, rng: random.Random, now: float) -> Json:
    """One agent somewhere in a working day, as an AGENT of the live channel."""
    state = rng.choices(list(STATES), list(STATES.values()))[0]
    in_state = min(abs(rng.gauss(140, 160)) + 4, 3000)
    reason = rng.choice(PAUSES) if state == "paused" else ""
    exempt = reason in ("meal", "training")
    aux = max(0.0, rng.gauss(0.45, 0.33)) * ALLOWANCE_S
    signed_in = state != "signed_out"
    return {
        "agent": str(number),
        "name": rng.choice(SURNAMES) + rng.choice(GIVEN),
        "unit": unit,
        "state": state,
        "since": now - in_state,
        "reason": "personal" if reason in ("toilet", "water") else reason,
        "exempt": exempt,
        "other_call": state == "on_call" and rng.random() < 0.08,
        "aux": aux,
        "aux_from": now - in_state if state == "paused" and not exempt else None,
        "base": 14_400.0,
        "base_from": now if signed_in and not exempt else None,
        "allowance": ALLOWANCE_S,
        "counters": {
            "sign_ins": 2,
            "sign_outs": 1 if signed_in else 2,
            "pauses": rng.randrange(2, 9),
            "offered": rng.randrange(40, 60),
            "answered": rng.randrange(30, 40),
            "missed": rng.randrange(0, 4),
            "signed_in": 14_400.0,
            "unobserved": 0,
        },
    }


def make_agents(count: int, seed: int = 4, now: float | None = None) -> dict[str, Json]:
    """A floor of `count` agents in three teams; the same each time but for the moment."""
    rng = random.Random(seed)
    moment = time.time() if now is None else now
    units = list(UNITS)
    numbers = range(1001, 1001 + count)
    return {str(n): make_agent(n, units[(n - 1001) * len(units) // count], rng, moment) for n in numbers}


def savings_line(day: str, base: int, aux: int, balance_after: int) -> Json:
    """A deposit with the facts it came from (docs/time-bank.md 3.1)."""
    facts = _facts(base, aux)
    return _line(day, "savings", facts["deposit"], 0, balance_after, facts)


def overdraft_line(day: str, base: int, aux: int, covered: int, balance_after: int, unobserved: int = 0) -> Json:
    """What an overdraft took from the balance, and the rest as personal leave (docs/time-bank.md 3.4)."""
    facts = _facts(base, aux, unobserved)
    return _line(day, "overdraft", -covered, facts["overdraft"] - covered, balance_after, facts)


def gift_line(day: str, seconds: int, balance_after: int, recorded_at: float) -> Json:
    """A red packet that was given by hand (docs/time-bank.md 3.3)."""
    line = _line(day, "gift", seconds, 0, balance_after, {"revision": 1, "kind": "suggestion", "seconds": seconds})
    return line | {"recorded_at": recorded_at, "text": "改了三张表单", "by": "li"}


def _facts(base: int, aux: int, unobserved: int = 0) -> Json:
    allowance = RATE_PPM * base // 1_000_000
    protected = RATE_PPM * (base + unobserved) // 1_000_000
    return {
        "revision": 1,
        "base": base,
        "rate_ppm": RATE_PPM,
        "allowance": allowance,
        "protected": protected,
        "aux": aux,
        "unobserved": unobserved,
        "deposit": max(0, allowance - aux),
        "overdraft": max(0, aux - protected),
        "before": 0,
    }


def _line(day: str, service: str, amount: int, leave: int, balance_after: int, facts: Json) -> Json:
    return {
        "transfer": f"{day}-{service}-{facts['revision']}",
        "day": day,
        "recorded_at": 0,
        "service": service,
        "amount": amount,
        "leave": leave,
        "balance_after": balance_after,
        "text": "",
        "facts": facts,
    }


def statement() -> list[Json]:
    """Three weeks' lines, newest first: deposits, an overdraft with leave, a correction, unobserved time."""
    corrected = savings_line("2026-11-20", 28_800, 700, 15_000)
    corrected["facts"] |= {"revision": 2, "before": 467}
    corrected |= {"amount": -102, "transfer": "2026-11-20-savings-2"}
    lines = [
        savings_line("2026-11-23", 28_800, 598, 15_467),
        corrected,
        overdraft_line("2026-11-21", 28_800, 2_000, covered=500, balance_after=15_000),
        overdraft_line("2026-11-19", 25_200, 1_320, covered=343, balance_after=15_500, unobserved=1_200),
    ]
    rng = random.Random(11)
    earlier = (
        (f"2026-11-{day:02d}", rng.randrange(27_000, 30_000), rng.randrange(200, 990)) for day in range(18, 1, -1)
    )
    return lines + [savings_line(day, base, aux, 15_800 - 40 * at) for at, (day, base, aux) in enumerate(earlier)]


@dataclass
class FakeAccount:
    """What /api/me tells of one agent."""

    savings: int = 12_267
    gift: int = 3_200
    leave: int = 435
    lines: list[Json] = field(default_factory=statement)

    def me(self, agent: Json, limit: int = 20) -> Json:
        accounts = {"savings": self.savings, "gift": self.gift, "interest": 0, "overtime": 0, "reserved": 0}
        more = str(limit) if len(self.lines) > limit else None
        return {
            "agent": agent["agent"],
            "name": agent["name"],
            "unit": agent["unit"],
            "accounts": {**accounts, "leave": self.leave},
            "balance": self.savings + self.gift,
            "policy": POLICY,
            "lines": self.lines[:limit],
            "next": more,
        }

    def part(self, before: int, limit: int) -> Json:
        upto = before + limit
        return {"lines": self.lines[before:upto], "next": str(upto) if upto < len(self.lines) else None}
