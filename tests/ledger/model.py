"""The ledger in some sixty lines, which share no code with the real one: what random histories are held against."""

from collections import Counter
from typing import Any

HOUSE, RESERVED = "house", "reserved"


class Model:
    def __init__(self) -> None:
        self.balances: Counter[Any] = Counter()  # by (owner, kind)
        self.answers: dict[str, tuple[Any, str]] = {}  # by key: what was asked, and what became of it
        self.moved: dict[str, Any] = {}  # by key, legs of (debit, credit, seconds)
        self.held: dict[str, Any] = {}  # by key: owner, what was drawn of which account, when it expires
        self.caps: dict[str, Any] = {"": (0, 0)}  # limit and drawn; nothing is drawn on the one without a name
        self.closed: set[int] = set()

    def ask(self, key: str, now: int, owners: set[str], verb: str, month: int, late: int, *rest: Any) -> str:
        """posted, refused, or "taken": the key stands for something else. A closed month's go to `late`."""
        asked = (verb, month, late, *rest)
        if key in self.answers:
            return self.answers[key][1] if self.answers[key][0] == asked else "taken"
        for name in [name for name, (owner, _, end) in self.held.items() if owner in owners and end <= now]:
            self.resolve("", name, 0)
        open_month = {month, late} - self.closed
        posted = bool(open_month) and getattr(self, verb)(key, *rest, *([month] if verb == "close" else []))
        self.answers[key] = asked, "posted" if posted else "refused"
        return self.answers[key][1]

    def transfer(self, key: str, legs: Any, cap: str = "", drawn: int = 0) -> bool:
        limit, before = self.caps[cap]
        after = Counter(self.balances)
        for debit, credit, seconds in legs:
            after.update({debit: -seconds, credit: seconds} if debit != credit else {})
        if any(after[leg[0]] < 0 for leg in legs if leg[0][0] != HOUSE) or not 0 <= before + drawn <= limit:
            return False
        self.balances, self.caps[cap], self.moved[key] = after, (limit, before + drawn), legs
        return True

    def reverse(self, key: str, of: str) -> bool:
        legs = self.moved.get(of) or []
        done = bool(legs) and self.transfer(key, [(credit, debit, seconds) for debit, credit, seconds in legs])
        return done and bool(self.moved.pop(of))

    def limit(self, key: str, cap: str, seconds: int) -> bool:
        fits: bool = self.caps.get(cap, (0, 0))[1] <= seconds
        self.caps |= {cap: (seconds, self.caps.get(cap, (0, 0))[1])} if fits else {}
        return fits

    def close(self, key: str, month: int) -> bool:
        self.closed |= {month}
        return True

    def reserve(self, key: str, owner: str, kinds: Any, seconds: int, end: int) -> bool:
        drawn: dict[Any, int] = {}
        for kind in kinds:
            drawn[owner, kind] = min(seconds - sum(drawn.values()), self.balances[owner, kind])
        self.held |= {key: (owner, drawn, end)} if sum(drawn.values()) == seconds else {}
        return key in self.held and self.transfer("", [(own, (owner, RESERVED), s) for own, s in drawn.items()])

    def resolve(self, key: str, of: str, seconds: int) -> bool:
        owner, drawn, _ = self.held.get(of, ("", {}, 0))
        if of not in self.held or seconds > sum(drawn.values()):
            return False
        legs = [((owner, RESERVED), (HOUSE, "savings"), seconds)]
        for own, taken in reversed(drawn.items()):
            back = min(taken, sum(drawn.values()) - sum(leg[2] for leg in legs))
            legs.append(((owner, RESERVED), own, back))
        return self.transfer("", legs) and self.held.pop(of) is not None
