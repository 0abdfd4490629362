"""What who is signed in is there for: the units that are shown to them, what they may do in each, and what can be
chosen there. It promises nothing: each act asks again."""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from functools import partial
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from ccd.bank.policy import Policies
from ccd.bank.withdrawal_rows import quotas_of
from ccd.org.people import ALL_UNITS, Person
from ccd.org.rights import (
    may_decide,
    may_decide_appeal,
    may_enter_overtime,
    may_give,
    may_hand_budget,
    may_open_emergency,
    may_publish,
    may_rule,
    may_set_quota,
)
from ccd.sql.turns import read_in_turn
from ccd.web.bank.desk import BankDesk, Services, allowed

Line = Collection[str]
ACTS: Mapping[str, Callable[[Person, Line], object]] = {
    "give": lambda person, line: may_give(person, line, ()),
    "hand_budget": lambda person, line: may_hand_budget(person, line, ""),
    "open_emergency": may_open_emergency,
    "enter_overtime": lambda person, line: may_enter_overtime(person, line, ()),
    "rule": lambda person, line: may_rule(person, line, ()),
    "decide_appeal": lambda person, line: may_decide_appeal(person, line, "", tuple(line)[:1]),
    "decide": lambda person, line: may_decide(person, line, ""),
    "set_quota": may_set_quota,
}
EXAMPLE: dict[str, Any] = {
    "units": [
        {"unit": "team-1", "name": "一班", "line": ["team-1", "centre"], "today": "2026-11-28",
         "may": ["give", "rule"], "kinds": ["contest"], "levels": {"I": 300000},
         "emergency_s_max": 14400, "emergency_back_s_max": 1800,
         "call_out_wait_s": 600, "entry_second_s": 7200, "ruling_days_max": 31, "has_quotas": True}
    ],
    "agrees": False,
}  # fmt: skip


class OfficeUnitSaid(BaseModel):
    """`line`: the unit, and all above it. By the policy that holds there on its day (`today`): the `kinds` of red
    packets, the `levels` of emergencies with their interest in parts per million, how long an emergency lasts by itself
    and how long ago it can begin, above which time entered by hand for an agent's day needs a second person, and how
    many days a ruling can be about. `has_quotas`: places of days off were said for this very unit."""

    unit: str
    name: str
    line: list[str]
    today: date
    may: list[str]
    kinds: list[str]
    levels: dict[str, int]
    emergency_s_max: int
    emergency_back_s_max: int
    call_out_wait_s: int
    entry_second_s: int
    ruling_days_max: int
    has_quotas: bool


class OfficeSaid(BaseModel):
    """In the order of the tree, each unit before those below it. `agrees`: to changes that others propose."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    units: list[OfficeUnitSaid]
    agrees: bool


def office_api(desk: BankDesk, policies: Callable[[], Policies]) -> APIRouter:
    router = desk.router("/api")

    @router.get("/office")
    async def office(person: Person = desk.reading) -> OfficeSaid:
        """What there is to do for who is signed in, and where."""
        services = desk.services()
        quotas = await read_in_turn(desk.engine, lambda connection: quotas_of(connection, services.known))
        found = _units(services, policies(), person, desk.now(), quotas)
        return OfficeSaid(units=found, agrees=allowed(lambda: may_publish(person)))

    return router


def _units(
    services: Services, policies: Policies, person: Person, at: int, quotas: Collection[str]
) -> list[OfficeUnitSaid]:
    seen = services.units.with_below(person.units, services.today("", at))
    found = []
    for unit in sorted(services.known, key=lambda unit: services.line(unit, at)[::-1]):
        line = services.line(unit, at)
        may = [name for name, act in ACTS.items() if allowed(partial(act, person, line))]
        if may or unit in seen or ALL_UNITS in person.units:
            found.append(_said(services, policies, unit, line, may, at, unit in quotas))
    return found


def _said(
    services: Services, policies: Policies, unit: str, line: tuple[str, ...], may: list[str], at: int, has_quotas: bool
) -> OfficeUnitSaid:
    today = services.today(unit, at)
    policy = policies.policy_at(unit, today)
    return OfficeUnitSaid(
        unit=unit, name=services.units.name(unit), line=list(line), today=today, may=may,
        kinds=list(policy.gift.kinds), levels=dict(policy.overtime.levels),
        emergency_s_max=policy.overtime.emergency_max_s,
        emergency_back_s_max=policy.overtime.emergency_back_s_max, call_out_wait_s=policy.overtime.call_out_wait_s,
        entry_second_s=policy.overtime.entry_second_s, ruling_days_max=policy.rulings.days_max, has_quotas=has_quotas,
    )  # fmt: skip
