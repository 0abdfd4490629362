"""What the people of the demo's centre do, each through the same door as everybody; whom it meets follows from the seed
and from what the accounts hold."""

from datetime import date, time, timedelta
from random import Random

from sqlalchemy import Connection, select

from ccd.bank.accounts import BALANCE_KINDS, agent_owner
from ccd.bank.appeal_rows import open_appeals
from ccd.bank.budgets import Budget
from ccd.bank.offsetting import Choice
from ccd.bank.overtime_entry_rows import OvertimeEntry
from ccd.bank.packets import Packet
from ccd.bank.proposals import Proposal
from ccd.bank.quota import Quota
from ccd.bank.said import Said
from ccd.bank.unit_acts import say_quota
from ccd.bank.withdrawal import ApplicationState, PartOfDay
from ccd.commands.demo.centre import COLLEAGUE, MANAGER, SUB_CENTRES, leader
from ccd.commands.demo.past import Past
from ccd.daemon.services.appealing import lodge_appeal, reject
from ccd.daemon.services.budgets import budgets_of, giver_of, proposals_of
from ccd.daemon.services.months import AttendanceMonths
from ccd.daemon.services.overtime import emergencies_of
from ccd.daemon.services.ruling import About, rule
from ccd.daemon.services.withdrawals import withdrawals_of
from ccd.floor.days import SECOND
from ccd.floor.spans import Span
from ccd.ledger.model import Transfer
from ccd.ledger.schema import accounts, entries, owners
from ccd.pbx.simulator.staff import DAYS_OF_WEEK, EARLY, TEAMS, Colleague
from ccd.sql.turns import Patience, read_in_turn, take_turn_at_once

HOUR_S = 3_600
WINNERS, WELL_KNOWN, WON_S = 3, 8, 2 * HOUR_S
BUDGET_S, OF_BUDGET_S, PROPOSED_S = 4 * HOUR_S, HOUR_S, HOUR_S // 2
MORNING, CALLED_AT, ANSWERED_AT, OVER_AT = time(9), time(16, 52), time(16, 55), time(20, 10)
TEAM_SIZE = 6
STAYS_S = (9_000, 10_200, 7_200, 5_400, 8_100)  # of who comes when called, one after the other
CHOOSING = 2
SHIFT_ENDS, EARLY_WORK_S = time(17), 28_200  # of the early shift, less its break
HALF_HOUR_S, PART_MAX = 1_800, 8


def at_work(past: Past, unit: str, day: date) -> list[Colleague]:
    """Who has an early shift that day, of a sub-centre or a team."""
    return [
        one for one in past.people
        if unit in (one.unit, SUB_CENTRES[one.unit]) and one.shift is EARLY and not one.rests(day)
        and (one.agent, day) not in past.on_leave
    ]  # fmt: skip


# --- red packets ------------------------------------------------------------------------------------------------------


async def give_packets(past: Past, day: date, kind: str, reason: str) -> None:
    """To the best of each team."""
    for team in TEAMS:
        known = [one.agent for one in past.people if one.unit == team.unit][:WELL_KNOWN]
        winners = sorted(Random(f"packet {past.seed} {day} {team.unit}").sample(known, min(WINNERS, len(known) // 2)))
        packet = Packet(f"{team.unit}/{day}", team.unit, tuple(winners), WON_S, kind, reason, day)
        await giver_of(past.made.ledger, past.site).give(packet, past.asking(MANAGER))


async def hand_budget(past: Past, day: date) -> None:
    unit = TEAMS[0].unit
    budget = Budget(
        f"{unit}/{day:%Y-%m}", unit, leader(unit), BUDGET_S, past.site.units.with_above(unit, day), day, "当月班组激励"
    )
    await budgets_of(past.made.ledger, past.site).hand(budget, past.asking(MANAGER))
    agents = tuple(one.agent for one in at_work(past, unit, day)[:2])
    packet = Packet(f"{unit}/{day}/budget", unit, agents, OF_BUDGET_S, "activity", "带教新员工", day)
    await giver_of(past.made.ledger, past.site).give(packet, past.asking(leader(unit)), budget.id)


async def propose(past: Past, day: date, decide: bool) -> None:
    """A suggestion box asks for a packet."""
    unit = TEAMS[0].unit
    first = past.people[0].agent
    asking = past.asking(MANAGER)
    wanted = Proposal(
        "suggestion-box", str(day), unit, (first,), PROPOSED_S, "suggestion", "宽带报障脚本更短", asking.at
    )
    proposals = proposals_of(past.made.ledger, past.site)
    made = await proposals.propose(wanted, asking)
    if decide:
        await proposals.confirm(made.id, past.asking(MANAGER))


# --- emergencies ------------------------------------------------------------------------------------------------------


async def join_strike_team(past: Past, day: date, unit: str) -> None:
    for person in at_work(past, unit, day)[:TEAM_SIZE]:
        emergencies = emergencies_of(past.made.ledger, past.site)
        await emergencies.on_team(person.unit, person.agent, True, past.asking(person.agent))


async def emergency(past: Past, day: date, unit: str, level: str, why: str) -> None:
    """The strike team is called out at the end of the early shift: most stay on, one declines, one says nothing."""
    emergencies, name = emergencies_of(past.made.ledger, past.site), f"{unit}-{day}"
    past.it_is(day, CALLED_AT)
    await emergencies.open(name, past.asking(MANAGER), unit, level, None, why)
    called = await emergencies.call(name, past.asking(MANAGER), (), "增援")
    past.it_is(day, ANSWERED_AT)
    here = {one.agent for one in at_work(past, unit, day)}
    agents = [one.agent for one in called if one.agent in here]
    for number, agent in enumerate(agents[:-1] or agents):
        comes = number < max(1, len(agents) - 2)
        await emergencies.answer(name, past.asking(agent), agent, comes)
        if comes:
            past.stays_s[agent, day] = STAYS_S[number % len(STAYS_S)]
    past.it_is(day, OVER_AT)
    entry = OvertimeEntry(
        f"{name}/by-hand", name, agents[-1], day, HOUR_S * 3 // 2, False, 0, "", "在家远程接听，未经话务系统"
    )
    await emergencies.enter(entry, past.asking(MANAGER))
    await emergencies.approve(entry.id, past.asking(COLLEAGUE))
    await emergencies.end(name, past.asking(MANAGER), "话务量回落")


# --- rulings and appeals ----------------------------------------------------------------------------------------------


async def incident(past: Past, day: date, unit: str) -> None:
    """What stood still the day before counts against nobody."""
    before = day - timedelta(days=1)
    span = Span(past.instant(before, time(10)), past.instant(before, time(10, 40)))
    await rule(
        past.made.engine, past.site, past.asking(MANAGER), About(None, unit, span), "exempt", "CRM 故障，无法受理"
    )


async def exempt(past: Past, day: date) -> None:
    """A pause of somebody's that was for the house."""
    before = day - timedelta(days=1)
    person = at_work(past, TEAMS[1].unit, before)[0]
    span = Span(past.instant(before, time(14)), past.instant(before, time(14, 30)))
    about = About(person.agent, None, span)
    await rule(past.made.engine, past.site, past.asking(MANAGER), about, "exempt", "协助质检复听录音")


async def appeal(past: Past, day: date) -> None:
    """Against the newest line of a day before that made personal leave of an overdraft."""
    of_agent = {agent_owner(one.agent): one.agent for one in past.people}
    theirs = entries.join(accounts, accounts.c.id == entries.c.credit).join(owners, owners.c.id == accounts.c.owner_id)
    asked = select(entries.c.transaction_id, entries.c.leg, owners.c.name).select_from(theirs)
    asked = asked.where(entries.c.day == day - timedelta(days=2), entries.c.service == "leave")
    async with past.made.engine.connect() as connection:
        found = (await connection.execute(asked.order_by(entries.c.transaction_id.desc()).limit(1))).all()
    for transaction, leg, owner in found:
        agent, transfer = of_agent[owner], Transfer(transaction, leg)
        why = "系统卡顿，示忙按钮没有恢复"
        await lodge_appeal(past.made.engine, past.site, past.asking(agent), agent, transfer, why)


async def reject_appeals(past: Past, day: date) -> None:
    first = day - timedelta(days=7)
    for one in await read_in_turn(past.made.engine, lambda plain: open_appeals(plain, first, day)):
        await reject(past.made.engine, past.site, past.asking(COLLEAGUE), one.ref, "录音显示当时在休息区")


# --- leave offset -----------------------------------------------------------------------------------------------------


async def choose_offset(past: Past, day: date) -> None:
    """Two set the balance against all that they owe, and one keeps it."""
    months = AttendanceMonths(past.made.ledger, past.site, past.clock.now)
    month, decided = months.calendar.month_of(day), 0
    for person in past.people:
        offer = await months.loans.offer(person.agent, month)
        if 0 < offer.owed_s <= offer.balance_s and decided < CHOOSING:
            await months.loans.choose(past.asking(person.agent), person.agent, month, Choice())
            decided += 1
        elif offer.owed_s and decided == CHOOSING:
            await months.loans.keep(past.asking(person.agent), person.agent, month)
            break


# --- days off ---------------------------------------------------------------------------------------------------------


async def set_quotas(past: Past, day: date, unit: str, agents: int) -> None:
    """So many a day may be off, whichever day of the week it is."""
    askings = [past.asking(MANAGER) for _ in range(DAYS_OF_WEEK)]

    def said(connection: Connection) -> None:
        for on, asking in enumerate(askings):
            say_quota(connection, Quota(unit, on, day, agents), asking)

    await take_turn_at_once(past.made.engine, said, Patience())


async def apply(past: Past, day: date, unit: str, ahead: int, then: str = "", agents: int = 1) -> None:
    """Who has most asks for a day that is to come: the whole of it, or as much as the balance covers. `then` is what
    becomes of it the same day: approves, refuses or cancels."""
    withdrawals, wanted = withdrawals_of(past.made.ledger, past.site), day + timedelta(days=ahead)
    taken = {one.agent for one in await withdrawals.calendar(wanted, wanted)}
    free = [one for one in at_work(past, unit, wanted) if one.agent not in taken]
    richest = sorted([(-await _balance_s(past, one.agent), one.agent) for one in free])[:agents]
    for less_s, agent in richest:
        start = wanted_from(past, wanted, -less_s)
        part = PartOfDay(None, start, past.instant(wanted, SHIFT_ENDS)) if start else None
        asking = past.asking(agent)
        one = await withdrawals.apply(f"{agent}/{wanted}", agent, wanted, part, Said(agent, day, asking.at, "", asking))
        if then == "cancels":
            asking = past.asking(agent)
            await withdrawals.end(one.id, ApplicationState.CANCELLED, Said(agent, day, asking.at, "计划有变", asking))
        elif then:
            asking = past.asking(MANAGER)
            said = Said(MANAGER, day, asking.at, "当日话务预测偏高" if then == "refuses" else "", asking)
            if then == "refuses":
                await withdrawals.end(one.id, ApplicationState.REFUSED, said)
            else:
                await withdrawals.approve(one.id, said)
                if start:
                    past.stays_s[agent, wanted] = (start - past.instant(wanted, SHIFT_ENDS)) // SECOND


def wanted_from(past: Past, day: date, balance_s: int) -> int | None:
    """None of a whole day; else from when on the day's early shift is covered by the balance, in half hours."""
    if balance_s >= EARLY_WORK_S:
        return None
    half_hours = max(1, balance_s // HALF_HOUR_S)
    return past.instant(day, SHIFT_ENDS) - min(half_hours, PART_MAX) * HALF_HOUR_S * SECOND


async def _balance_s(past: Past, agent: str) -> int:
    held = await past.made.ledger.balances(agent_owner(agent))
    return sum(held.get(kind, 0) for kind in BALANCE_KINDS)
