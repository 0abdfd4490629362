"""What is left of a leaver's balance is handed over: posted out of the account, and told to attendance, which settles
it with them (docs/time-bank.md 4)."""

import json
from datetime import date
from typing import NamedTuple
from urllib.parse import quote

from ccd.bank.accounts import BALANCE_KINDS, LEAVE, RESERVED, House, agent_owner
from ccd.bank.asking import Asking
from ccd.bank.at_desk import balances_at_desk, revision_after
from ccd.bank.facts import as_facts
from ccd.bank.outbox import OutboxItem, OutboxKind, tell
from ccd.errors import LeavingError
from ccd.ledger.books import Ledger
from ccd.ledger.desk import Desk
from ccd.ledger.model import Account, Leg, Posting
from ccd.org.acts import act_with_id

SERVICE = "handed_over"
KIND = "hand over rest"


class Left(NamedTuple):
    """An agent who is on the roster, and in no unit any more; the last day, and the unit of it."""

    agent: str
    unit: str
    last: date


class Leaving:
    """Of one site."""

    def __init__(self, ledger: Ledger, site: str) -> None:
        self._ledger, self._site, self._house = ledger, site, House.of(site)

    async def hand_over(self, left: Left, today: date, asking: Asking, why: str) -> int:
        """The seconds that were; 0 where nothing is left. What comes for a day of theirs later is handed over by
        another act; the same act again tells what it told."""
        agent, owner = left.agent, agent_owner(left.agent)

        def work(desk: Desk) -> int:
            desk.lock([(self._site, desk.month_of(today))], [owner])
            if known := act_with_id(desk.connection, asking.act):
                if (known.kind, known.subject) != (KIND, agent):
                    raise LeavingError(agent, f"was not what {asking.act} was about: choose another key", "key-taken")
                return int(json.loads(known.after)["seconds"])
            balances = balances_at_desk(desk, [owner])[owner]
            held = Account(owner, RESERVED)
            if owed_s := balances.get(LEAVE, 0):
                raise LeavingError(
                    agent,
                    f"owes {owed_s} s until attendance closes, or the appeal against it is decided: wait for that",
                    "leaver-owes",
                    owed_s=owed_s,
                )
            if held_s := desk.balances([held]).get(held, 0):
                raise LeavingError(
                    agent,
                    f"has {held_s} s held for days off: they go back by themselves, or end them",
                    "leaver-holds",
                    held_s=held_s,
                )
            some = {kind: balances[kind] for kind in BALANCE_KINDS if balances.get(kind)}
            if not some:
                return 0
            legs = tuple(Leg(Account(owner, kind), self._house.withdrawn, s, SERVICE) for kind, s in some.items())
            key, rest_s = f"left/{quote(agent, safe='')}", sum(some.values())
            revision = revision_after(desk.revisions([key]).get(key, ()))
            said = {"agent": agent, "unit": left.unit, "last_day": left.last.isoformat(), "seconds": rest_s}
            posting = Posting(key, revision, self._site, today, legs, asking.signed, text=why, facts=as_facts(said))
            desk.post([posting])[0].or_raise()
            asking.noted(desk.connection, KIND, agent, said, why)
            data = {**said, "by_account": some, "number": revision}
            tell(desk.connection, [OutboxItem(OutboxKind.LEFT, f"{self._site}/{agent}/{revision}", asking.at, data)])
            return rest_s

        return await self._ledger.at_desk(work)
