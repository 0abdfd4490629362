"""Everything that ccd can say went wrong.

CcdError                    what a command turns into its one line on stderr and its exit code
├── FaultsError             what a person wrote has faults, all at once; exit code 2: ConfigurationError, RosterError,
│                           ImportFaultsError
├── DatabaseError           what a database would not do for ledger, history or sign-in: DatabaseBusyError,
│                           DatabaseGoneError, DatabaseRefusedError, UnsafeDatabaseError, SchemaError,
│                           UnknownSchemaError
├── LedgerError             what the ledger could not do, with account or cap, amount and limit: PostingError,
│                           KeyTakenError, RefusedError, LedgerBrokenError, LedgerDoesNotFollowError, MoveError,
│                           UnknownTransferError, AskedWronglyError
├── HistoryError            what the history could not do: StoredFormatError, SourceTakenError, LeaseLostError,
│                           DayWaitsError, UnknownUnitError
├── PbxError                what came between us and a telephone switch: PbxUnreachableError, PbxTlsError,
│                           LoginRefusedError, NoAnswerError, NotAskedError, ClockAheadError, PbxLostError
├── SwitchesNotFollowedError what `ccd check --connect` met, a line a telephone switch
├── CaptureError            captures that are not named, or can't be used: BackwardsError; exit code 2
├── UnknownCountryError     a country of whose holidays nothing is known; exit code 2
├── UnknownAccountError     nothing was ever posted for an agent
├── ProblemError            a name, and what is wrong with it:
│   ├── PolicyError         a policy of the bank that can't hold, or none that does; exit code 2
│   ├── AccountError        an account that can't be made, or is not there
│   ├── PacketError         a red packet that no cap could make right; exit code 2
│   ├── BudgetError         a budget for red packets that can't be handed out or used so; exit code 2
│   ├── ProposalError       a red packet that was proposed, and can't be decided so; exit code 2
│   ├── OvertimeError       an emergency, a call-out or an entry that can't be so; exit code 2
│   ├── AppealError         an appeal that can't be lodged or ended so; exit code 2
│   ├── EntitlementError    an entitlement of an agent that can't be so; exit code 2
│   ├── ChangeError         a change that waits for a second person, or can't be decided so; exit code 2
│   ├── RulingError         a ruling on agents' time that can't be made so; exit code 2
│   ├── OrderError          what can't be asked of a switch about an agent so; exit code 2
│   ├── WithdrawalError     days off that an agent can't have so; exit code 2
│   ├── LeavingError        what a leaver has left, and can't be handed over so; exit code 2
│   ├── OffsetError         leave that can't be offset so; exit code 2
│   ├── MonthOpenError      an attendance month that can't be closed, or corrected, so; exit code 2
│   ├── BackfillError       a gap that can't be filled from these files now; exit code 2
│   ├── WebhookError        a system that is told of attendance, and is not there; exit code 2
│   ├── FileError           a file that a person named, and that can't be used; exit code 2
│   ├── ProofError          a proof that proves nothing: where it breaks, and how
│   └── LiveChannelError    a board's server could not be reached, or turned us away
├── CapPassedError          a red packet that a unit's cap does not allow, with the figures
├── NotDoneError            what came of an order that a switch did not, or not wholly, carry out
├── ReportError             a report that can't be told so; exit code 2
├── TooLittleHistoryError   too few agents were measured for a figure that is asked for
├── ActTakenError           an act was to be known by the name of another
├── ChangedMeanwhileError   an import that would replace what nobody was shown
├── NothingImportedError    asked for what was never imported
├── AddressTakenError       another program listens where ccd should
├── EmbeddedRedisError      the Valkey that ccd brings did not start
└── NotAllowedError         a person asked for what is not theirs to see
    └── ActNotAllowedError  or to do; exit code 2

An exception holds fields; `__str__` makes the sentence that tells a person what is wrong and what to do.
"""

from ccd.errors.ledger import (
    AskedWronglyError,
    KeyTakenError,
    LedgerBrokenError,
    LedgerDoesNotFollowError,
    LedgerError,
    MoveError,
    PostingError,
    ProofError,
    RefusedError,
    UnknownTransferError,
)
from ccd.errors.pbx import (
    BackfillError,
    BackwardsError,
    CaptureError,
    ClockAheadError,
    LoginRefusedError,
    NoAnswerError,
    NotAskedError,
    PbxError,
    PbxLostError,
    PbxTlsError,
    PbxUnreachableError,
    SwitchesNotFollowedError,
)
from ccd.errors.people import (
    AccountError,
    ActNotAllowedError,
    ActTakenError,
    AddressTakenError,
    AppealError,
    BudgetError,
    CapPassedError,
    ChangedMeanwhileError,
    ChangeError,
    EntitlementError,
    LeavingError,
    LiveChannelError,
    MonthOpenError,
    NotAllowedError,
    NotDoneError,
    NothingImportedError,
    OffsetError,
    OrderError,
    OvertimeError,
    PacketError,
    PolicyError,
    ProposalError,
    ReportError,
    RulingError,
    TooLittleHistoryError,
    UnknownAccountError,
    WebhookError,
    WithdrawalError,
)
from ccd.errors.root import (
    CcdError,
    ConfigurationError,
    Fault,
    FaultsError,
    FileError,
    ImportFaultsError,
    ProblemError,
    RosterError,
    UnknownCountryError,
)
from ccd.errors.stores import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseGoneError,
    DatabaseRefusedError,
    DayWaitsError,
    EmbeddedRedisError,
    HistoryError,
    LeaseLostError,
    SchemaError,
    SourceTakenError,
    StoredFormatError,
    UnknownSchemaError,
    UnknownUnitError,
    UnsafeDatabaseError,
)

__all__ = [
    "AccountError",
    "ActNotAllowedError",
    "ActTakenError",
    "AddressTakenError",
    "AppealError",
    "AskedWronglyError",
    "BackfillError",
    "BackwardsError",
    "BudgetError",
    "CapPassedError",
    "CaptureError",
    "CcdError",
    "ChangeError",
    "ChangedMeanwhileError",
    "ClockAheadError",
    "ConfigurationError",
    "DatabaseBusyError",
    "DatabaseError",
    "DatabaseGoneError",
    "DatabaseRefusedError",
    "DayWaitsError",
    "EmbeddedRedisError",
    "EntitlementError",
    "Fault",
    "FaultsError",
    "FileError",
    "HistoryError",
    "ImportFaultsError",
    "KeyTakenError",
    "LeaseLostError",
    "LeavingError",
    "LedgerBrokenError",
    "LedgerDoesNotFollowError",
    "LedgerError",
    "LiveChannelError",
    "LoginRefusedError",
    "MonthOpenError",
    "MoveError",
    "NoAnswerError",
    "NotAllowedError",
    "NotAskedError",
    "NotDoneError",
    "NothingImportedError",
    "OffsetError",
    "OrderError",
    "OvertimeError",
    "PacketError",
    "PbxError",
    "PbxLostError",
    "PbxTlsError",
    "PbxUnreachableError",
    "PolicyError",
    "PostingError",
    "ProblemError",
    "ProofError",
    "ProposalError",
    "RefusedError",
    "ReportError",
    "RosterError",
    "RulingError",
    "SchemaError",
    "SourceTakenError",
    "StoredFormatError",
    "SwitchesNotFollowedError",
    "TooLittleHistoryError",
    "UnknownAccountError",
    "UnknownCountryError",
    "UnknownSchemaError",
    "UnknownTransferError",
    "UnknownUnitError",
    "UnsafeDatabaseError",
    "WebhookError",
    "WithdrawalError",
]
