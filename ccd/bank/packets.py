"""Red packets: somebody gives time to one agent or many, for a reason (docs/time-bank.md 3.3). Pure.

What a unit may give in a month is a cap of the ledger, and so is that of each unit above it. A packet draws on all of
them in one posting: it is given, or none of it is.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from ccd.bank.accounts import GIFT, House, agent_owner
from ccd.bank.cap import CapWanted
from ccd.bank.facts import as_facts
from ccd.bank.policy import PPM, GiftTerms
from ccd.errors import PacketError
from ccd.ledger.model import LEGS_MAX, SECONDS_MAX, Account, Draw, Leg, Outcome, Posting, Refusal, Rule, month_of


class Packet(NamedTuple):
    """What is given: `seconds` to each of the agents. `key` names it for ever; `day` is the giver's, of the unit."""

    key: str
    unit: str
    agents: tuple[str, ...]
    seconds: int
    kind: str
    reason: str
    day: date

    @property
    def total_s(self) -> int:
        return self.seconds * len(self.agents)


class Given(NamedTuple):
    """How the cap of a unit, or of a budget, stands in a month, in seconds; what was handed out is given."""

    unit: str
    month: str
    cap_s: int
    given_s: int


def check_packet(packet: Packet, terms: GiftTerms, members: Collection[str]) -> None:
    """PacketError where no cap could make it right. `members` are the agents of the unit, and of those below it."""
    strangers = sorted(set(packet.agents) - set(members))
    if not packet.agents or len(set(packet.agents)) < len(packet.agents) or len(packet.agents) > LEGS_MAX:
        raise PacketError(
            packet.key,
            f"is for {len(packet.agents)} agents; give it to 1 to {LEGS_MAX}, to each once",
            "packet-agents",
            most=LEGS_MAX,
        )
    if strangers:
        raise PacketError(
            packet.key, f"is for {', '.join(strangers)}, who {_is(strangers)} not in {packet.unit} on {packet.day}",
            "packet-strangers", agents=strangers,
        )  # fmt: skip
    if not 0 < packet.seconds <= SECONDS_MAX:
        raise PacketError(
            packet.key,
            f"gives {packet.seconds} s to each; give 1 to {SECONDS_MAX} s",
            "too-much-time",
            most_s=SECONDS_MAX,
        )
    if packet.kind not in terms.kinds:
        raise PacketError(
            packet.key, f"is for {packet.kind!r}; kinds of {packet.unit}'s policy: {', '.join(terms.kinds)}",
            "packet-kind", kinds=list(terms.kinds),
        )  # fmt: skip
    if not packet.reason.strip():
        raise PacketError(packet.key, "has no reason; say in words what it is for", "no-reason")


def check_hours(packet: Packet, known_s: int) -> None:
    """PacketError where the unit has no cap. `known_s` is what it is scheduled for in the month."""
    if not known_s:
        month = month_of(packet.day)
        raise PacketError(
            packet.key,
            f"has no cap: nobody knows the hours of {packet.unit} in {month}. Import its schedule, or declare them:"
            f" ccd bank red-packet declare {packet.unit} {month} HOURS",
            "packet-no-hours",
            unit=packet.unit,
            month=month,
        )


def posting_of(packet: Packet, house: House, book: str, caps: Sequence[str], by: str, budget: str = "") -> Posting:
    """`caps` are what it draws on: those of the unit and of each above it, or that of the `budget` alone."""
    legs = tuple(
        Leg(house.gift, Account(agent_owner(agent), GIFT), packet.seconds, GIFT) for agent in sorted(packet.agents)
    )
    facts = {"unit": packet.unit, "kind": packet.kind, "seconds": packet.seconds, "agents": len(packet.agents)}
    if budget:
        facts["budget"] = budget
    return Posting(
        packet_key(packet), 1, book, packet.day, legs, by, text=packet.reason,
        facts=as_facts(facts),
        terms=tuple(Draw(cap, packet.total_s) for cap in caps),
    )  # fmt: skip


def packet_key(packet: Packet) -> str:
    return f"packet/{packet.key}"


def gift_cap_wanted(known_s: int, terms: GiftTerms) -> CapWanted:
    """A cap's limit, from the seconds that its unit is scheduled for."""
    return CapWanted(known_s * terms.cap_ppm // PPM, {"hours_s": known_s, "cap_ppm": terms.cap_ppm})


def passed(outcome: Outcome, caps: Mapping[str, str], month: str, asked_s: int) -> Given | None:
    """Which cap it would have passed, by the name that `caps` gives it, and how that stands; None where it was not
    refused by one."""
    match outcome.refusal:
        case Refusal(Rule.CAP, cap=str(cap), amount_s=int(drawn_s), limit_s=int(limit_s)):
            return Given(caps[cap], month, limit_s, drawn_s - asked_s)
    return None


def gift_cap(unit: str, month: str) -> str:
    return f"gift/{unit}/{month}"


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
