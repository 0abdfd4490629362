"""Random histories against a ledger of a few lines that shares no code with the real one."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccd.errors import KeyTakenError
from ccd.ledger.books import Ledger
from ccd.ledger.model import Account, Leg, Posting, PostingState, StatementLine
from ccd.sql.engine import open_engine
from tests.ledger.accounts import DAY, open_guarded, open_house

OWNERS = ("ann", "bob")
KINDS = ("savings", "gift")
NUMBERS = itertools.count()  # every example has owners, keys and a house of its own in the one database


@dataclass
class Model:
    """Balances and outcomes in two dictionaries; a balance below zero refuses the whole posting."""

    balances: dict[tuple[str, str], int] = field(default_factory=dict)
    house: int = 0
    outcomes: dict[str, tuple[tuple[Leg, ...], PostingState]] = field(default_factory=dict)

    def post(self, key: str, legs: tuple[Leg, ...]) -> PostingState | None:
        """None: the key stands for another content."""
        if key in self.outcomes:
            known, state = self.outcomes[key]
            return state if known == legs else None
        after = dict(self.balances)
        for leg in legs:
            for account, seconds in ((leg.debit, -leg.seconds), (leg.credit, leg.seconds)):
                after[account] = after.get(account, 0) + seconds
        house = next((name for name in after if name[0].startswith("house")), None)
        moved = after.pop(house, 0) if house else 0
        state = PostingState.REFUSED if any(seconds < 0 for seconds in after.values()) else PostingState.POSTED
        if state is PostingState.POSTED:
            self.balances, self.house = after, self.house + moved
        self.outcomes[key] = (legs, state)
        return state


accounts = st.tuples(st.sampled_from((*OWNERS, "house")), st.sampled_from(KINDS)).map(
    lambda account: ("house", "savings") if account[0] == "house" else account
)
legs = st.tuples(accounts, accounts, st.integers(1, 50)).filter(lambda leg: leg[0] != leg[1])
histories = st.lists(st.tuples(st.integers(0, 5), st.lists(legs, max_size=3)), min_size=1, max_size=15)
sizes = st.lists(st.integers(1, 4), min_size=15, max_size=15)


def named(number: int, asked: list[tuple[tuple[str, str], tuple[str, str], int]]) -> tuple[Leg, ...]:
    return tuple(
        Leg(Account(f"{debit[0]}-{number}", debit[1]), Account(f"{credit[0]}-{number}", credit[1]), seconds, "any")
        for debit, credit, seconds in asked
    )


def cut(items: list[Posting], lengths: list[int]) -> Iterator[list[Posting]]:
    """The items in their order, in pieces of these lengths."""
    rest = iter(items)
    for length in lengths:
        piece = list(itertools.islice(rest, length))
        if piece:
            yield piece


async def post_all(ledger: Ledger, model: Model, batch: list[Posting]) -> None:
    """One transaction if every key fits, one each if one of them does not: that undoes the whole batch."""
    expected = [model.post(posting.key, posting.legs) for posting in batch]
    if None not in expected:
        assert [outcome.state for outcome in await ledger.post_many(batch)] == expected
        return
    for posting, state in zip(batch, expected, strict=True):
        try:
            assert (await ledger.post(posting)).state is state
        except KeyTakenError:
            assert state is None


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories, lengths=sizes)
def test_any_history_ends_as_in_the_model(database_url: str, history, lengths) -> None:
    async def run() -> None:
        number, model = next(NUMBERS), Model()
        engine = open_engine(database_url)
        ledger = Ledger(engine, lambda: 1)
        await open_guarded(ledger, [f"{name}-{number}" for name in OWNERS], KINDS)
        await open_house(ledger, f"house-{number}", ("savings",))
        postings = [
            Posting(f"{number}/{key}", 1, "demo", DAY, named(number, asked), asked_by="test") for key, asked in history
        ]
        for batch in cut(postings, lengths):
            await post_all(ledger, model, batch)
        total = (await ledger.sums(f"house-{number}"))["savings"]
        assert total == model.house
        for name in OWNERS:
            found = await ledger.balances(f"{name}-{number}")
            assert found == {kind: model.balances.get((f"{name}-{number}", kind), 0) for kind in KINDS}
            assert min(found.values()) >= 0
            total += sum(found.values())
            await check_statement(ledger, f"{name}-{number}", found)
        assert total == 0
        await engine.dispose()

    asyncio.run(run())


async def check_statement(ledger: Ledger, owner: str, found: dict[str, int]) -> None:
    """Read in pages of two, the lines are whole, and each balance is the one before it and what was moved."""
    lines: list[StatementLine] = []
    before: int | None = None
    while True:
        page = await ledger.statement(owner, before, 2)
        lines += page.lines
        before = page.before
        if before is None:
            break
    running = dict.fromkeys(KINDS, 0)
    for line in reversed(lines):
        for movement in line.movements:
            running[movement.kind] += movement.seconds
        assert line.after == running
    assert running == found
