"""Everything that ccd can say went wrong.

CcdError                    what a command turns into its one line on stderr and its exit code
├── FaultsError             what a person wrote has faults, all at once; exit code 2: ConfigurationError, RosterError
├── DatabaseError           what a database would not do for ledger, history or sign-in: DatabaseBusyError,
│                           DatabaseRefusedError, UnsafeDatabaseError, SchemaError
├── LedgerError             what the ledger could not do, with account or cap, amount and limit: PostingError,
│                           KeyTakenError, RefusedError, LedgerBrokenError, LedgerDoesNotFollowError, MoveError
├── HistoryError            what the history could not do: StoredFormatError, SourceTakenError, LeaseLostError,
│                           DayWaitsError, UnknownUnitError
├── PbxError                what came between us and a telephone switch: PbxUnreachableError, PbxTlsError,
│                           LoginRefusedError, NoAnswerError, ClockAheadError, PbxLostError
├── SwitchesNotFollowedError what `ccd check --connect` met, a line a telephone switch
├── CaptureError            captures that are not named, or can't be used: BackwardsError; exit code 2
├── UnknownAccountError     nothing was ever posted for an agent
├── ProblemError            a name, and what is wrong with it:
│   ├── PolicyError         a policy of the bank that can't hold, or none that does; exit code 2
│   ├── AccountError        an account that can't be made, or is not there
│   └── LiveChannelError    a board's server could not be reached, or turned us away
├── AddressTakenError       another program listens where ccd should
├── EmbeddedRedisError      the Valkey that ccd brings did not start
└── NotAllowedError         a person asked for what is not theirs to see

An exception holds fields; `__str__` makes the sentence that tells a person what is wrong and what to do.
"""

from dataclasses import dataclass
from pathlib import Path


class CcdError(Exception):
    """The root: whatever ccd itself raises for a person to read. `args` are kept by Python itself."""

    exit_code = 1


class ProblemError(CcdError):
    """Something that has a name, and what is wrong with it."""

    sentence = "{name} {problem}"

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem

    def __str__(self) -> str:
        return self.sentence.format(name=self.name, problem=self.problem)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file that a person wrote: where it stands, and what is wanted there."""

    file: Path
    line: int | None  # from 1; None where the fault is that something is not there
    key: str  # dotted: `pbx[0].port`; a roster's column
    problem: str  # what was found, and what is allowed

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: {self.key}: {self.problem}" if self.key else f"{place}: {self.problem}"


class FaultsError(CcdError):
    """Every fault of what a person wrote, a line each."""

    exit_code = 2

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class ConfigurationError(FaultsError):
    """The configuration can't be used; nothing was started."""


class RosterError(FaultsError):
    """The roster can't be used; not one line of it was taken."""


class DatabaseError(CcdError):
    """What a database would not do, whoever asked."""


class DatabaseBusyError(DatabaseError):
    """Retried up to the limit, and the database still had no turn for us, or could not be reached."""

    def __init__(self, attempts: int, waited_s: float, last: str, ambiguous: bool) -> None:
        self.attempts, self.waited_s, self.last, self.ambiguous = attempts, waited_s, last, ambiguous

    def __str__(self) -> str:
        done = "the last attempt may have been written" if self.ambiguous else "nothing was written"
        return (
            f"the database was busy or away for {self.attempts} attempts in {self.waited_s:.1f} s ({self.last}); "
            f"{done}. Look for who holds it, and do the same again: what was written already is not written twice"
        )


class DatabaseRefusedError(DatabaseError):
    """The database said no, and would say it again."""

    def __str__(self) -> str:
        said, hint = self.args
        return f"the database refused: {said}; {hint}. What was not answered is not written"


class UnsafeDatabaseError(DatabaseError):
    """A setting of the database under which a crash loses what was committed, or a row that is never changed can be."""

    def __str__(self) -> str:
        database, setting, found, wanted = self.args
        return (
            f"{database}: {setting} is {found}, and has to be {wanted}: ccd does not open it. "
            "Put a SQLite file on a local disk; on PostgreSQL set it for the server or for ccd's role"
        )


class SchemaError(DatabaseError):
    """The tables are of another version than this program."""

    def __str__(self) -> str:
        found, wanted = self.args
        return (
            f"the database has tables of revision {found}, this program needs {wanted}: "
            "run `ccd migrate` as the role that they belong to"
        )


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

    def __str__(self) -> str:
        posting, found, expected = self.args
        return f"the posting {posting} {found}; expected: {expected}"


class KeyTakenError(LedgerError):
    """The key was used before, for something else."""

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
        return f"the ledger contradicts itself: {self.args[0]}; nothing was posted. Keep the database and look into it"


class RefusedError(LedgerError):
    """A rule spoke against what was asked for; that is kept as the outcome of its key."""

    def __str__(self) -> str:
        return "{} was refused: {}; asked with another key, it is looked at anew".format(*self.args)


class FileError(ProblemError):
    """A file that a person named, and that can't be used, or is not what it was named as."""

    exit_code = 2


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


class PolicyError(ProblemError):
    """A policy that can't hold, or none that does."""

    exit_code = 2
    sentence = "policy of {name}: {problem}"


class AddressTakenError(CcdError):
    """A socket could not be opened, because another program has it."""

    def __str__(self) -> str:
        host, port = self.args
        return f"port {port} on {host} is taken by another program: stop that one, or choose another port"


class EmbeddedRedisError(CcdError):
    """The Valkey server that comes with ccd did not start."""

    def __str__(self) -> str:
        return f"the Valkey server that comes with ccd did not start: {self.args[0]}. Give ccd another one: [redis] url"


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


class HistoryError(CcdError):
    """What the history could not do. Nothing was written."""


class StoredFormatError(HistoryError):
    """A row was written in another format than this program reads."""

    def __str__(self) -> str:
        table, found, wanted = self.args
        return (
            f"{table} holds rows of format {found}, this program reads {wanted}: "
            "run the version of ccd that wrote them, or a newer one"
        )


class SourceTakenError(HistoryError):
    """Another process has begun to record this PBX; two would write every second twice."""

    def __str__(self) -> str:
        return f"another process records {self.args[0]} now, and took over from this one: stop one of the two"


class LeaseLostError(HistoryError):
    """Another process has taken this one's place, because nothing was heard of it for too long."""

    def __str__(self) -> str:
        name, who = self.args
        return (
            f"{who or 'another process'} holds {name} now: this one stood still, or did not reach the "
            "database, for too long. Nothing was written behind it; started again, this one stands by"
        )


class DayWaitsError(HistoryError):
    """The day is not over, or a PBX has not been heard to its end; `why` says what it waits for."""

    def __str__(self) -> str:
        unit, day, why = self.args
        return f"{day} of {unit} can't be settled yet: {why}"


class UnknownUnitError(HistoryError):
    """No agent of that unit is on the roster."""

    exit_code = 2

    def __str__(self) -> str:
        unit, known = self.args
        return f"no agent of unit {unit} is on the roster; units on it: {', '.join(known) or 'none'}"


class PbxError(CcdError):
    """What stands between ccd and a telephone switch."""

    def __init__(self, pbx: str, *found: object) -> None:
        super().__init__(pbx, *found)
        self.pbx = pbx


class PbxUnreachableError(PbxError):
    """No connection to its manager port."""

    def __str__(self) -> str:
        pbx, host, port, reason = self.args
        return (
            f"PBX {pbx}: no connection to {host}:{port} ({reason}); "
            "see that Asterisk runs, and that `bindaddr` and `port` in manager.conf and any firewall let us in"
        )


class PbxTlsError(PbxUnreachableError):
    """Somebody answers at its manager port, and we can't be sure that it is the PBX, or it speaks no TLS."""

    def __str__(self) -> str:
        pbx, host, port, reason = self.args
        return (
            f"PBX {pbx}: no TLS with {host}:{port} ({reason}); see that `tls.ca` holds whoever "
            "signed its certificate, that it names this host, and that `port` is manager.conf's `tlsbindaddr`"
        )


class LoginRefusedError(PbxError):
    """Asterisk knows us not, or not from here."""

    def __str__(self) -> str:
        pbx, username, said = self.args
        return (
            f"PBX {pbx}: the manager account {username!r} was refused ({said}); "
            "compare its name, `secret`, `permit` and `deny` in manager.conf with the configuration"
        )


class NoAnswerError(PbxError):
    """An action was not answered in time: the connection is taken as dead."""

    def __str__(self) -> str:
        pbx, action, within_s = self.args
        return f"PBX {pbx}: no answer to {action} within {within_s:g} s; the connection is given up"


class ClockAheadError(PbxError):
    """Its time would be taken for everybody's, and days would close that have not been: it is not followed so."""

    def __str__(self) -> str:
        pbx, ahead_s = self.args
        return (
            f"PBX {pbx}: its clock is {ahead_s:.0f} s ahead of ours; it is not followed until both are right "
            "(clock_ahead_s_max says how far ahead it may be)"
        )


class PbxLostError(PbxError):
    """The connection is over; `reason` is what the system says, if anything."""

    def __str__(self) -> str:
        pbx, reason = self.args
        return f"PBX {pbx}: the connection ended ({reason or 'closed by Asterisk'})"


class SwitchesNotFollowedError(CcdError):
    """Telephone switches that were looked at and can't be followed as they are."""

    def __str__(self) -> str:
        return "\n".join(self.args[0])


class CaptureError(CcdError):
    """What is to be replayed is not named, or can't be used."""

    exit_code = 2

    def __str__(self) -> str:
        return f"{self.args[0]}; name a file of AMI bytes (--ami) or a queue_log (--queue-log)"


class BackwardsError(CaptureError):
    """Where what is to be replayed goes back in time, and by how many seconds: its figures would be wrong."""

    def __str__(self) -> str:
        where, back_s = self.args
        return f"{where}: goes back in time by {back_s:.0f} s; name files of one PBX, each once, lines in their order"


class UnknownAccountError(CcdError):
    """Nothing was ever posted for the agent."""

    def __str__(self) -> str:
        return (
            f"{self.args[0]} has no account: whoever is on the roster gets one with the first settled day "
            "(see `ccd day`), or with the first transfer by hand"
        )
