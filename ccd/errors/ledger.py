"""What the ledger could not do."""

from ccd.errors.root import CcdError, ProblemError


class LedgerError(CcdError):
    """What the ledger could not do. Nothing was posted, unless the sentence says otherwise.

    Each with the account (owner and kind) or the cap, the seconds asked and those to be had, as far as it has them."""

    def __init__(
        self,
        *said: object,
        account: tuple[str, str] | None = None,
        cap: str | None = None,
        amount_s: int | None = None,
        limit_s: int | None = None,
    ) -> None:
        super().__init__(*said)
        self.account, self.cap, self.amount_s, self.limit_s = account, cap, amount_s, limit_s


class PostingError(LedgerError):
    """A posting that no balance and no rule could make right: a fault of who asked."""

    because = "posting-wrong"

    def __str__(self) -> str:
        posting, found, expected = self.args
        return f"the posting {posting} {found}; expected: {expected}"


class AskedWronglyError(LedgerError):
    """A page, a cursor or a moment that no ledger has: a fault of who asked."""

    exit_code = 2

    def __str__(self) -> str:
        name, said, expected = self.args
        return f"the ledger was asked with {name} {said!r}; expected: {expected}"


class UnknownTransferError(LedgerError):
    """Asked for a transfer that nothing was ever posted as."""

    exit_code = 2

    def __str__(self) -> str:
        (asked,) = self.args
        return f"there is no transfer {asked}; `ccd ledger statement AGENT` names those of an agent, as 1234.1"


class KeyTakenError(LedgerError):
    """The key was used before, for something else."""

    because = "key-taken"

    def __init__(self, key: str, fields: tuple[str, ...]) -> None:
        self.key, self.fields = key, fields

    def __str__(self) -> str:
        return (
            f"{self.key} was posted before with another content: {', '.join(self.fields)} differ; "
            "what is asked anew needs another key, or a revision of its own"
        )


class LedgerBrokenError(LedgerError):
    """What the ledger holds contradicts itself: not a rule's refusal, a defect or another hand in the tables."""

    def __str__(self) -> str:
        return (
            f"the ledger contradicts itself: {self.args[0]}; nothing was posted. Keep the database as it is: "
            "`ccd ledger verify` says where; if it finds nothing, this is a defect of ccd"
        )


class RefusedError(LedgerError):
    """A rule spoke against what was asked for; that is kept as the outcome of its key."""

    because = "posting-refused"

    def __str__(self) -> str:
        return "{} was refused: {}; asked with another key, it is looked at anew".format(*self.args)


class ProofError(ProblemError):
    """A proof that proves nothing: where it breaks, and how."""


class LedgerDoesNotFollowError(LedgerError):
    """Verify found so many places where something does not follow."""

    def __str__(self) -> str:
        return (
            f"the ledger is not as it was written: {self.args[0]} findings. Keep the database as it is, and hold it "
            "against a backup, and against a head from before: `ccd ledger verify --against FILE`"
        )


class MoveError(LedgerError):
    """A ledger that can't be carried over as it is."""

    def __str__(self) -> str:
        return f"{self.args[0]}; nothing was carried over"
