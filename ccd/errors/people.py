"""What a person asked for, and can not have so."""

from ccd.errors.root import CcdError, ProblemError


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

    def __str__(self) -> str:
        person, wanted, instead = self.args
        return f"{wanted} is not shown to {person}; {instead}"


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
