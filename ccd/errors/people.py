"""What a person asked for, and can not have so."""

from ccd.errors.root import CcdError, ProblemError


class ChangedMeanwhileError(CcdError):
    """Somebody else imported the same before us: what a person was shown is not what theirs would have changed."""

    because = "changed-meanwhile"

    def __init__(self, kind: str, number: int) -> None:
        self.kind, self.number = kind, number

    def __str__(self) -> str:
        return (
            f"nothing was imported: another {self.kind} was meanwhile (import {self.number}). See with --dry-run what "
            "yours changes now, and import again"
        )


class NothingImportedError(CcdError):
    """Asked for what was never imported."""

    def __init__(self, kind: str, number: int | None) -> None:
        self.kind, self.number = kind, number

    def __str__(self) -> str:
        which = f"no {self.kind}" if self.number is None else f"no import {self.number} of the {self.kind}"
        return f"there is {which} in the database; `ccd import {self.kind} FILE` puts one there"


class PolicyError(ProblemError):
    """A policy that can't hold, or none that does."""

    exit_code = 2
    sentence = "policy of {name}: {problem}"


class AddressTakenError(CcdError):
    """A socket could not be opened, because another program has it."""

    def __str__(self) -> str:
        host, port = self.args
        return f"port {port} on {host} is taken by another program: stop that one, or choose another port"


class NotAllowedError(CcdError):
    """A person asked for what is not theirs."""

    def __init__(self, person: str, wanted: str, instead: str, because: str = "not-allowed") -> None:
        super().__init__(person, wanted, instead)
        self.because = because

    def __str__(self) -> str:
        person, wanted, instead = self.args
        return f"{wanted} is not shown to {person}; {instead}"


class ActNotAllowedError(NotAllowedError):
    """A person would do what is not theirs to do. Nothing was done."""

    exit_code = 2

    def __str__(self) -> str:
        person, act, who = self.args
        return f"{person} may not {act}: {who}. Nothing was done"


class ActTakenError(CcdError):
    """An act was to be known by the name of another. Nothing was changed."""

    because = "key-taken"

    def __init__(self, act: str) -> None:
        self.act = act

    def __str__(self) -> str:
        return f"{self.act} was the key of another act, and stands for that for ever: choose another key"


class AccountError(ProblemError):
    """A person's account that can't be made, or is not there."""

    sentence = "the account {name!r} {problem}"


class LiveChannelError(ProblemError):
    """`ccd watch` could not get to see the floor."""


class UnknownAccountError(CcdError):
    """Nothing was ever posted for the agent."""

    def __str__(self) -> str:
        return (
            f"{self.args[0]} has no account: whoever is on the roster gets one with the first settled day "
            "(see `ccd day`), or with the first transfer by hand"
        )


class PacketError(ProblemError):
    """A red packet that no cap could make right. Nothing was given."""

    exit_code = 2
    sentence = "the packet {name} {problem}"


class BudgetError(ProblemError):
    """A budget for red packets that can't be handed out, used or taken back so. Nothing was changed."""

    exit_code = 2
    sentence = "the budget {name} {problem}"


class ProposalError(ProblemError):
    """A red packet that was proposed, and that can't be decided so; or a name that stands for another."""

    exit_code = 2
    sentence = "the proposal {name} {problem}"


class OvertimeError(ProblemError):
    """An emergency, or an act in it, that can't be so. Nothing was changed. By the name of what it is about."""

    exit_code = 2
    sentence = "overtime: {name} {problem}"


class AppealError(ProblemError):
    """An appeal that can't be lodged or ended so. Nothing was changed. By the agent's name, or the appeal's."""

    exit_code = 2


class EntitlementError(ProblemError):
    """An entitlement that can't be so. Nothing was changed. By the agent's name."""

    exit_code = 2
    sentence = "the entitlement of {name} {problem}"


class ChangeError(ProblemError):
    """A change of policy, or of the past's roster, that can't be published or decided so. Nothing was changed. By its
    number, or what it is of."""

    exit_code = 2
    sentence = "change {name} {problem}"


class RulingError(ProblemError):
    """A ruling that can't be made so. Nothing was changed. By the agent, the unit or the ruling that it is about."""

    exit_code = 2
    sentence = "a ruling on {name} {problem}"


class OrderError(ProblemError):
    """What can't be asked of a switch about an agent so. Nothing was asked. By the agent's name, or the act's."""

    exit_code = 2
    sentence = "the order about {name} {problem}"


class NotDoneError(CcdError):
    """What came of an order that was not, or not in all queues, carried out; `said` are all the answers."""

    def __init__(self, outcome: str, said: str) -> None:
        self.outcome, self.said = outcome, said

    def __str__(self) -> str:
        return self.said


class WithdrawalError(ProblemError):
    """Days off that an agent can't have so. Nothing was changed. By the agent's name, or the application's."""

    exit_code = 2


class LeavingError(ProblemError):
    """What a leaver has left can't be handed over so. Nothing was changed. By the agent's name."""

    exit_code = 2


class OffsetError(ProblemError):
    """Leave that can't be offset so. Nothing was changed. By the agent's name."""

    exit_code = 2


class MonthOpenError(ProblemError):
    """An attendance month that can't be closed, or corrected, so. Nothing was changed. By the month."""

    exit_code = 2


class ReportError(CcdError):
    """A report that can't be told so."""

    exit_code = 2

    def __init__(self, problem: str, because: str = "", **facts: object) -> None:
        super().__init__(problem)
        self.because, self.facts = because, facts


class WebhookError(ProblemError):
    """A webhook that can't be tried again so."""

    exit_code = 2


class CapPassedError(CcdError):
    """A red packet, or a budget for some, would have passed the cap of a unit or a budget. Nothing was given."""

    because = "cap-passed"

    def __init__(self, asked: str, unit: str, month: str, cap_s: int, given_s: int, asked_s: int) -> None:
        """`asked` is what was refused, and `unit` whose cap it would have passed, both in words."""
        self.asked, self.unit, self.month = asked, unit, month
        self.cap_s, self.given_s, self.asked_s = cap_s, given_s, asked_s
        self.facts = {
            "unit": unit, "cap_s": cap_s, "given_s": given_s, "asked_s": asked_s, "left_s": max(0, cap_s - given_s),
        }  # fmt: skip

    def __str__(self) -> str:
        left_s = self.cap_s - self.given_s
        return (
            f"{self.asked} was refused: {self.unit} may give {self.cap_s} s in {self.month}, has given "
            f"{self.given_s} s, and {self.asked_s} s are asked; {left_s} s are left. Ask for less, under another name"
        )


class TooLittleHistoryError(CcdError):
    """Too few agents were measured for a figure that would hold for all of them."""

    def __str__(self) -> str:
        agents, agents_min, hours_min = self.args
        return (
            f"{agents} agents have a month with a base of {hours_min} h or more in it, and {agents_min} are needed: ask"
            " for more days, or of more units"
        )
