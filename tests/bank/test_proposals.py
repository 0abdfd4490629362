"""Red packets that other systems propose (docs/time-bank.md 3.3): given once, by a manager, or not at all."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.bank import proposing
from ccd.bank.policy import Policies
from ccd.bank.proposals import Proposal, ProposalState
from ccd.bank.proposing import Proposals
from ccd.errors import ActNotAllowedError, CapPassedError, PacketError, ProposalError
from ccd.ledger.books import Ledger
from ccd.ledger.verify import verify
from ccd.sql.engine import open_engine
from tests.bank.askers import asking, manager_of
from tests.bank.test_budgets import acts_of, budget, budgets
from tests.bank.test_packets import POLICY, UNITS, declared, gifts, giver

IN_DECEMBER = 1_796_400_000_000_000


def proposals(engine: AsyncEngine) -> Proposals:
    return Proposals(Ledger(engine, lambda: IN_DECEMBER), giver(engine), UNITS, Policies((POLICY,)))


def proposal(name: str, seconds: int = 600, *agents: str, unit: str = "team-1", kind: str = "suggestion") -> Proposal:
    said = "fills itself in"
    return Proposal("box", name, unit, agents or ("1001",), seconds, kind, said, IN_DECEMBER)


def lead(name: str = "lead"):
    return asking(name, *manager_of("centre"), at=IN_DECEMBER)


async def test_a_proposal_gives_nothing_until_a_manager_confirms_it_and_then_once(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 100})
    bank = proposals(engine)
    first = await bank.propose(proposal("7", 600, "1001", "1002"), asking("key box", at=IN_DECEMBER))
    again = proposal("7", 600, "1002", "1001")._replace(proposed_at=IN_DECEMBER + 9)
    assert await bank.propose(again, asking("key box", at=IN_DECEMBER)) == first
    assert await bank.newest(9, decided=False) == [first]
    assert await gifts(engine, "1001", "1002") == [0, 0]
    confirmed = await bank.confirm("box/7", lead())
    assert (confirmed.verdict, confirmed.decided_by) == (ProposalState.CONFIRMED, "lead")
    assert await bank.confirm("box/7", lead("boss")) == confirmed
    assert await bank.propose(again, asking("key box", at=IN_DECEMBER)) == confirmed, "a replay of it changes nothing"
    assert await gifts(engine, "1001", "1002") == [600, 600]
    with pytest.raises(ProposalError, match="was confirmed by lead: it stays that"):
        await bank.decline("box/7", lead(), "no")
    assert await bank.newest(9, decided=False) == []
    assert await bank.newest(9, decided=True) == [confirmed]
    kinds = [(act.kind, act.by, act.subject) for act in await acts_of(engine)]
    assert kinds == [("propose packet", "key box", "team-1"), ("give packet", "lead", "team-1")]
    assert (await verify(engine, lambda done, total: None)).findings == []


async def test_what_is_declined_has_a_reason_and_stays_declined(engine: AsyncEngine) -> None:
    bank = proposals(engine)
    await bank.propose(proposal("7"), asking("key box", at=IN_DECEMBER))
    with pytest.raises(ProposalError, match="for a reason"):
        await bank.decline("box/7", lead(), " ")
    declined = await bank.decline("box/7", lead(), "known already")
    assert (declined.verdict, declined.why) == (ProposalState.DECLINED, "known already")
    assert await bank.decline("box/7", lead("boss"), "once more") == declined
    assert await bank.with_id("box/7") == declined
    with pytest.raises(ProposalError, match="was declined by lead"):
        await bank.confirm("box/7", lead())
    with pytest.raises(ProposalError, match="is not there"):
        await bank.confirm("box/8", lead())


async def test_what_a_cap_does_not_allow_goes_on_waiting(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 10})
    bank = proposals(engine)
    await bank.propose(proposal("7"), asking("key box", at=IN_DECEMBER))
    with pytest.raises(CapPassedError, match="team-1 may give 360 s"):
        await bank.confirm("box/7", lead())
    assert [one.verdict for one in await bank.newest(9, decided=False)] == [ProposalState.OPEN]
    await declared(engine, **{"team-1": 100})
    await budgets(engine).hand(budget("b", 900), asking())
    confirmed = await bank.confirm("box/7", asking("tina", at=IN_DECEMBER), "b")
    assert confirmed.decided_by == "tina"
    assert await gifts(engine, "1001") == [600]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (proposal("x", 600, "2001"), "2001, who is not in team-1"),
        (proposal("x", kind="bribe"), "'bribe'; kinds of team-1's policy"),
        (proposal("x", 0), "gives 0 s to each"),
    ],
)
async def test_what_could_never_be_given_is_not_taken(engine: AsyncEngine, bad: Proposal, says: str) -> None:
    bank = proposals(engine)
    with pytest.raises(PacketError, match=says):
        await bank.propose(bad, asking("key box", at=IN_DECEMBER))
    assert await bank.newest(9, decided=True) == []


async def test_a_name_stands_for_one_proposal_and_a_system_for_so_many(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposing, "OPEN_MAX", 2)
    bank = proposals(engine)
    await bank.propose(proposal("7"), asking("key box", at=IN_DECEMBER))
    with pytest.raises(ProposalError, match="box/7 was proposed with another agents and seconds"):
        await bank.propose(proposal("7", 601, "1002"), asking("key box", at=IN_DECEMBER))
    await bank.propose(proposal("8"), asking("key box", at=IN_DECEMBER))
    with pytest.raises(ProposalError, match="2 before it that nobody has decided"):
        await bank.propose(proposal("9"), asking("key box", at=IN_DECEMBER))
    await bank.decline("box/8", lead(), "no")
    await bank.propose(proposal("9"), asking("key box", at=IN_DECEMBER))


async def test_who_is_no_manager_of_the_unit_or_would_give_to_oneself_decides_nothing(engine: AsyncEngine) -> None:
    await declared(engine, **{"team-1": 100})
    bank = proposals(engine)
    await bank.propose(proposal("7"), asking("key box", at=IN_DECEMBER))
    for who in (asking("mona", *manager_of("west")), asking("ann", *manager_of("centre"), agent="1001")):
        with pytest.raises(ActNotAllowedError):
            await bank.confirm("box/7", who._replace(at=IN_DECEMBER))
        with pytest.raises(ActNotAllowedError):
            await bank.decline("box/7", who._replace(at=IN_DECEMBER), "no")
    assert await gifts(engine, "1001") == [0]


async def test_managers_who_decide_at_once_decide_once(database_url: str) -> None:
    engines = [open_engine(database_url) for _ in range(4)]
    await declared(engines[0], **{"team-1": 100})
    for number in range(4):
        await proposals(engines[0]).propose(proposal(f"{number}", 100), asking("key box", at=IN_DECEMBER))
    acts = []
    for number in range(16):
        bank, name = proposals(engines[number % 4]), f"box/{number // 4}"
        who = lead(f"lead-{number}")
        acts.append(bank.decline(name, who, "no") if number % 4 == 3 else bank.confirm(name, who))
    results = await asyncio.gather(*acts, return_exceptions=True)
    errors = [result for result in results if isinstance(result, BaseException)]
    assert all(isinstance(error, ProposalError) for error in errors), errors
    decided = await proposals(engines[0]).newest(9, decided=True)
    confirmed = sum(one.verdict is ProposalState.CONFIRMED for one in decided)
    assert {one.verdict for one in decided} <= {ProposalState.CONFIRMED, ProposalState.DECLINED}
    assert await gifts(engines[0], "1001") == [100 * confirmed]
    for engine in engines:
        await engine.dispose()


async def test_what_was_proposed_and_decided_stays_as_it_was_said(engine: AsyncEngine) -> None:
    bank = proposals(engine)
    await bank.propose(proposal("7"), asking("key box", at=IN_DECEMBER))
    await bank.decline("box/7", lead(), "no")
    for hand in ("UPDATE packet_proposals SET seconds = 9", "DELETE FROM packet_decisions"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with engine.begin() as connection:
                await connection.execute(text(hand))
