"""What databases, Redis and the history could not do."""

from ccd.errors.root import CcdError


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
            f"{done}. Look for who holds it, or why it is not reached, and do the same again: what was written already "
            "is not written twice"
        )


class DatabaseRefusedError(DatabaseError):
    """The database said no, and would say it again."""

    def __str__(self) -> str:
        said, hint = self.args
        return f"the database refused: {said}; {hint}. What was not answered is not written"


class DatabaseGoneError(DatabaseError):
    """The connection was lost in what is not taken in turns, and so not tried again."""

    def __str__(self) -> str:
        return (
            f"the database went away: {self.args[0]}. What was under way is written whole or not at all: once it is "
            "back, look, and do the same again"
        )


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


class UnknownSchemaError(SchemaError):
    """The tables are of a version that this program does not know."""

    def __str__(self) -> str:
        found, wanted = self.args
        return (
            f"the database has tables of revision {found}, which this program, whose newest is {wanted}, can't know: "
            "start the newer ccd that made them, or restore a backup from before it did; where another program made "
            "them, give ccd a database of its own"
        )


class EmbeddedRedisError(CcdError):
    """The Valkey server that comes with ccd did not start."""

    def __str__(self) -> str:
        return f"the Valkey server that comes with ccd did not start: {self.args[0]}. Give ccd another one: [redis] url"


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

    because = "day-waits"

    def __init__(self, unit: str, day: object, why: str) -> None:
        super().__init__(unit, day, why)
        self.facts = {"unit": unit, "day": str(day)}

    def __str__(self) -> str:
        unit, day, why = self.args
        return f"{day} of {unit} can't be settled yet: {why}"


class UnknownUnitError(HistoryError):
    """No agent of that unit is on the roster."""

    exit_code = 2
    because = "no-such-unit"

    def __init__(self, unit: str, known: tuple[str, ...]) -> None:
        super().__init__(unit, known)
        self.facts = {"unit": unit}

    def __str__(self) -> str:
        unit, known = self.args
        return f"no agent of unit {unit} is on the roster; units on it: {', '.join(known) or 'none'}"
