"""What is posted by hand, verified, proven and carried elsewhere, as a person types it."""

import hashlib
import json
import os
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer

from ccd.commands.ledger import posting
from ccd.daemon.site import Site
from ccd.floor.days import SECOND
from ccd.ledger.model import Late
from ccd.settings import Settings
from tests.commands import running
from tests.commands.recorded_days import DAY, ccd, imported, settled
from tests.databases import PostgreSQL

WHY = ("--text", "why")
WITHOUT_CONFIGURATION = ("new-key", "check-proof", "move")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return settled(tmp_path)


def call(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    if words[0] in WITHOUT_CONFIGURATION:
        return running.ccd("ledger", *words, COLUMNS="160")
    return ccd(config, "ledger", *words)


def said(config: Path, *words: str) -> str:
    return running.said(call(config, *words))


def refused(config: Path, *words: str) -> str:
    return running.refusal(call(config, *words))


def balances(config: Path) -> dict[str, int]:
    accounts = json.loads(said(config, "balance", "1001", "--format", "json"))["accounts"]
    return {kind: seconds for kind, seconds in accounts.items() if seconds}


def behind_its_back(config: Path) -> "closing[sqlite3.Connection]":
    """A hand on the ledger's tables; each statement is a transaction."""
    (file,) = config.parent.rglob("ccd.sqlite")
    return closing(sqlite3.connect(file, isolation_level=None))


def test_a_transfer_is_posted_once_and_taken_back_once(config: Path) -> None:
    words = ("transfer", "1001:savings", "house:overdraft", "65", *DAY, *WHY, "--key", "k1")
    first = said(config, *words)
    assert "k1/r1 posted" in first
    assert "k1/r1 was posted before" in said(config, *words)
    assert balances(config) == {"savings": 400}
    number = first.split()[1].rstrip(":")
    assert "posted" in said(config, "reverse", number, *WHY)
    assert "was posted before" in said(config, "reverse", number, *WHY)
    assert balances(config) == {"savings": 465}


def test_what_would_be_given_back_at_once_or_has_no_reason_is_not_taken(config: Path) -> None:
    words = ("reserve", "1001", "100", *DAY, "--key", "r")
    assert "has begun: nothing would be put aside" in refused(config, *words, *WHY, "--until", "2020-01-01")
    assert "say in words why" in refused(config, *words, "--text", " ")
    assert balances(config) == {"savings": 465}


def test_a_reservation_that_is_asked_again_after_its_time_has_the_answer_that_it_had(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    until = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=2)

    def reserve(key: str) -> str:
        posting.reserve(config, "1001", 100, datetime(2026, 11, 23), key, "why", until)  # noqa: DTZ001 (as typed)
        return capsys.readouterr().out

    with monkeypatch.context() as before:
        before.setattr(posting, "now_us", lambda: round((until - timedelta(days=2)).timestamp()) * SECOND)
        assert "r/r1 posted" in reserve("r")
    assert "r/r1 was posted before" in reserve("r")
    with pytest.raises(typer.BadParameter, match="has begun"):
        reserve("another")


@pytest.mark.parametrize("verb", [("release",), ("post-reserved", "1", "house:savings")])
def test_what_a_service_has_put_aside_is_not_ended_by_hand(config: Path, verb: tuple[str, ...]) -> None:
    """Else an agent has the seconds of a day off back, and the day off as well, which nothing can end any more."""
    name, *rest = verb
    said_no = refused(config, name, "hold/d97335a6fff5", *rest, *DAY, *WHY)
    assert "hold/ begins what a service has put aside; a day off is ended by ccd bank withdraw" in said_no


def test_who_is_on_the_roster_can_be_given_seconds_before_the_first_settled_day(config: Path) -> None:
    said(config, "transfer", "house:savings", "1002:savings", "3600", *DAY, *WHY, "--key", "opening")
    said(config, "reserve", "1002", "600", *DAY, *WHY, "--key", "leave")
    accounts = json.loads(said(config, "balance", "1002", "--format", "json"))["accounts"]
    assert (accounts["savings"], accounts["reserved"], accounts["leave"]) == (3_000, 600, 0)


def test_what_a_rule_refuses_is_a_sentence_and_changes_nothing(config: Path) -> None:
    words = ("transfer", "1001:savings", "house:overdraft", "466", *DAY, *WHY, "--key", "k1")
    assert "savings of agent/1001 has 465 s to give, and 466 s are asked" in refused(config, *words)
    assert "k1/r1 was posted before with another content" in refused(config, *words[:3], "5", *words[4:])
    assert balances(config) == {"savings": 465}


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (("transfer", "1001", "house:overdraft", "5", *DAY, *WHY, "--key", "k"), "allowed: AGENT:KIND or house:KIND"),
        (
            ("transfer", "1001:savings", "house:overdraft", "5", *DAY, *WHY, "--key", "k", "--service", "leave"),
            "the day's next revision would take it back",
        ),
        (
            ("transfer", "1001:savings", "house:expiry", "5", *DAY, *WHY, "--key", "k", "--service", "expiry"),
            "of what expired as a month closed",
        ),
        (
            ("transfer", "1001:gold", "house:overdraft", "5", *DAY, *WHY, "--key", "k"),
            "kinds of 1001: savings, gift, interest, overtime, leave;",
        ),
        (
            ("transfer", "1001:reserved", "1001:savings", "5", *DAY, *WHY, "--key", "k"),
            "reserved is of reservations alone",
        ),
        (("post-reserved", "k", "5", "1001:reserved", *DAY, *WHY), "reserved is of reservations alone"),
        (("transfer", "1001:savings", "house:overdraft", "5", *DAY, *WHY, "--key", " "), "'--key': it is empty"),
        (
            ("transfer", "1001:savings", "house:overdraft", "5", *DAY, *WHY, "--key", "k", "--service", ""),
            "'--service': it is empty",
        ),
        (("balance", "no\nsuch"), "no\\nsuch has no account"),
        (("release", "no\nsuch", *DAY, *WHY), "a reservation that was posted"),
        (("check-proof", "no\nsuch"), "no\\nsuch No such file"),
        (("transfer", "9:savings", "house:overdraft", "5", *DAY, *WHY, "--key", "k"), "9 has no account"),
        (("transfer", "house:savings", "9:savings", "5", *DAY, *WHY, "--key", "k"), "9 has no account"),
        (("reserve", "9", "5", *DAY, *WHY, "--key", "k"), "9 has no account"),
        (("reverse", "77", *WHY), "one that moved something"),
        (
            ("transfer", "house:savings", "1001:savings", "5", *DAY, *WHY, "--key", "settle/1001/2099-11-25"),
            "settle/ begins the keys of what is posted by itself",
        ),
        (("reserve", "1001", "5", *DAY, *WHY, "--key", "expired/leave/12"), "of what is posted by itself"),
        (("reserve", "1001", "5", *DAY, *WHY, "--key", "expiry/1001/2099-11"), "of what is posted by itself"),
        (("reverse", "1", *WHY, "--key", "close/ccd/2099-11"), "of what is posted by itself"),
        (("reverse", f"{2**63}", *WHY), "less than or equal to 9223372036854775807"),
        (("move", "--from", "postgresql://ccd@db:port/ccd", "--to", "sqlite:///ccd.sqlite"), "the port is no number"),
        (("release", "nothing", *DAY, *WHY), "a reservation that was posted"),
        (("close-period", "2026-13", *WHY), "allowed: a month, as 2026-11"),
        (("close-period", "2099-11", *WHY), "2099-11 is not over; a month that is closed never opens again"),
        (("transfer", "house:savings", "1001:savings", f"{10**10 + 1}", *DAY, *WHY, "--key", "k"), "10000000000"),
        (("reserve", "1001", "5", *DAY, *WHY, "--key", "k", "--until", "2100-01-01"), "expected a day from 1971"),
        (("statement", "1001", "--from", "2099-12-01", "--to", "2099-11-01"), "--from 2099-12-01 is after --to"),
        (("checkpoint", "--key", "/nowhere/key"), "/nowhere/key No such file"),
        (("verify", "--against", "/nowhere/head"), "/nowhere/head No such file"),
        (("check-proof", "/nowhere/proof"), "/nowhere/proof No such file"),
    ],
)
def test_what_can_not_be_is_one_line_that_says_what_to_do(config: Path, words: tuple[str, ...], match: str) -> None:
    assert match in refused(config, *words)
    assert balances(config) == {"savings": 465}


def test_seconds_are_put_aside_posted_in_part_and_given_back(config: Path) -> None:
    said(config, "reserve", "1001", "300", *DAY, *WHY, "--key", "leave-1")
    assert balances(config) == {"savings": 165, "reserved": 300}
    said(config, "post-reserved", "leave-1", "100", "house:overdraft", *DAY, *WHY)
    assert balances(config) == {"savings": 365}
    said(config, "reserve", "1001", "300", *DAY, *WHY, "--key", "leave-2")
    said(config, "release", "leave-2", *DAY, *WHY)
    assert balances(config) == {"savings": 365}
    assert "was resolved before" in refused(config, "post-reserved", "leave-2", "100", "house:overdraft", *DAY, *WHY)


PEOPLE = """person,name,agent,role,unit,from,to,deputy_of
li,,,hotline_manager,team-1,,,
wu,,,hotline_manager,team-2,,,
own,,1001,hotline_manager,*,,,
sun,,,administrator,*,,,
zhao,,,hr_clerk,*,,,
boss,,,hotline_manager,*,,,
"""


def test_postings_by_hand_are_for_who_manages_the_unit_and_nobody_posts_on_the_own_account(config: Path) -> None:
    imported(config, people=PEOPLE)

    def types(login: str, *words: str) -> subprocess.CompletedProcess[str]:
        return running.ccd("ledger", *words, "--config", config, LOGNAME=login, COLUMNS="160")

    keep = ("reserve", "1001", "300", *DAY, *WHY, "--key", "leave")
    for login in ("wu", "sun", "zhao"):
        assert f"{login} may not post by hand: it is for a hotline_manager" in running.refusal(types(login, *keep))
    assert "on the own account (1001)" in running.refusal(types("own", *keep))
    running.said(types("li", *keep))
    for words in (
        ("release", "leave", *DAY, *WHY), ("post-reserved", "leave", "300", "house:overdraft", *DAY, *WHY),
        ("reverse", "1", *WHY), ("transfer", "house:savings", "1001:savings", "5", *DAY, *WHY, "--key", "k"),
    ):  # fmt: skip
        assert "wu may not post by hand" in running.refusal(types("wu", *words)), words
    running.said(types("li", "release", "leave", *DAY, *WHY))
    among_the_house = ("transfer", "house:savings", "house:overdraft", "5", *DAY, *WHY, "--key", "h")
    assert "li may not post by hand" in running.refusal(types("li", *among_the_house))
    running.said(types("boss", *among_the_house))
    assert "boss may not close attendance months" in running.refusal(types("boss", "close-period", "2026-10", *WHY))
    running.said(types("zhao", "close-period", "2026-10", *WHY))


def test_what_is_posted_by_hand_for_a_closed_month_counts_later_and_names_its_day(config: Path) -> None:
    said(config, "close-period", "2026-10", *WHY)
    assert "was posted before" in said(config, "close-period", "2026-10", *WHY)
    assert "2026-10 was closed before, by another or" in refused(config, "close-period", "2026-10", "--text", "anew")
    said(config, "transfer", "1001:savings", "house:overdraft", "65", "--day", "2026-10-27", *WHY, "--key", "k1")
    assert balances(config) == {"savings": 400}
    (newest,) = json.loads(said(config, "statement", "1001", "--limit", "1", "--format", "json"))["lines"]
    assert (newest["day"], newest["amount"], newest["text"]) == ("2026-10-27", -65, "why")
    keep = ("reserve", "1001", "100", *WHY, "--key", "leave", "--day")
    said(config, *keep, "2026-10-27")
    assert "another content: day differ" in refused(config, *keep, "2026-10-28")
    assert balances(config) == {"savings": 300, "reserved": 100}


def test_the_month_that_runs_is_the_centre_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Shanghai December has begun, and November may be closed, eight hours before UTC says so."""
    monkeypatch.setattr(
        posting, "now_us", lambda: round(datetime(2026, 11, 30, 16, 30, tzinfo=UTC).timestamp()) * SECOND
    )
    for zone, month in (("Asia/Shanghai", "2026-12"), ("UTC", "2026-11")):
        site = Site(Settings(timezone=zone))
        asked = posting.by_hand(site, "k1", datetime(2026, 11, 30, tzinfo=UTC), "why", [])
        assert asked.terms == (Late(month),)


def test_what_was_asked_wrongly_can_be_asked_rightly_and_a_retry_gets_its_first_answer(config: Path) -> None:
    keep = ("reserve", "1001", "300", *DAY, *WHY, "--key", "leave", "--until", "2099-12-24")
    said(config, *keep)
    assert "was posted before" in said(config, *keep)
    assert "holds 300 s, and 700 s are asked" in refused(
        config, "post-reserved", "leave", "700", "house:overdraft", *DAY, *WHY
    )
    said(config, "post-reserved", "leave", "300", "house:overdraft", *DAY, *WHY)
    assert "was posted before" in said(config, "post-reserved", "leave", "300", "house:overdraft", *DAY, *WHY)
    assert "has 165 s to give" in refused(config, "reverse", "1", *WHY)
    said(config, "transfer", "house:savings", "1001:savings", "300", *DAY, *WHY, "--key", "more")
    assert "reverse/1/r1 was refused" in refused(config, "reverse", "1", *WHY)
    said(config, "reverse", "1", *WHY, "--key", "reverse 1 again")
    assert balances(config) == {}


def test_a_ledger_that_was_changed_behind_its_back_is_told_with_the_place(config: Path) -> None:
    assert "1 transactions with 1 transfers, all as they were written" in said(config, "verify")
    with behind_its_back(config) as hand:
        hand.execute("DROP TRIGGER entries_never_change")
        hand.execute("UPDATE entries SET seconds = 466")
    done = ccd(config, "ledger", "verify")
    assert done.returncode == 1
    assert "transaction 1 (settle/1001/2099-11-24/r1): its content is not what its digest says" in done.stdout
    assert "the ledger is not as it was written" in done.stderr


def test_no_key_hides_what_verify_finds(config: Path) -> None:
    with behind_its_back(config) as hand:
        hand.execute("DROP TRIGGER transactions_never_change")
        hand.execute("UPDATE transactions SET key = 'x' || char(10, 27) || '[2K'")
    done = ccd(config, "ledger", "verify")
    assert r"transaction 1 (x\n\x1b[2K/r1): its content is not what its digest says" in done.stdout
    assert "\x1b" not in done.stdout


def test_an_index_that_says_otherwise_than_its_table_is_told(config: Path) -> None:
    """The table is as it was written; what a statement says is read by the index."""
    with behind_its_back(config) as hand:
        (guard,) = hand.execute("SELECT sql FROM sqlite_master WHERE name = 'entries_never_change'").fetchone()
        index = hand.execute("SELECT * FROM sqlite_master WHERE name = 'ix_entries_credit'").fetchone()
        hand.execute("DROP TRIGGER entries_never_change")
        hand.execute("UPDATE entries SET seconds = 466")
        hand.execute("PRAGMA writable_schema = ON")
        hand.execute("DELETE FROM sqlite_master WHERE name = 'ix_entries_credit'")
        hand.execute("PRAGMA writable_schema = RESET")
        hand.execute("UPDATE entries SET seconds = 465")
        hand.execute("PRAGMA writable_schema = ON")
        hand.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", index)
        hand.execute("PRAGMA writable_schema = RESET")
        hand.execute(guard)
    done = ccd(config, "ledger", "verify")
    assert done.returncode == 1
    assert "table entries: SQLite says: row 1 missing from index ix_entries_credit" in done.stdout


def test_verify_goes_on_from_where_the_last_one_was_through(config: Path, tmp_path: Path) -> None:
    (folder,) = {file.parent for file in config.parent.rglob("ccd.sqlite")}
    key, head, other = (str(tmp_path / name) for name in ("key.pem", "head.json", "other.json"))
    said(config, "new-key", key)
    said(config, "checkpoint", "--key", key, "--output", head)
    assert "1 transactions with 1 transfers, all as they were written; 1 blocks" in said(config, "verify")
    assert not (folder / "ledger-verified.json").exists()
    for state in ((), ("--state", other)):
        assert "1 transactions with 1 transfers, all" in said(config, "verify", "--since-last", *state)
    said(config, "transfer", "1001:savings", "house:overdraft", "65", *DAY, *WHY, "--key", "k1")
    for state in ((), ("--state", other), ("--against", head)):
        done = said(config, "verify", "--since-last", *state)
        assert "1 transactions with 1 transfers after block 1, up to which it was verified before, all" in done
    (folder / "ledger-verified.json").write_text("{}")
    assert "is nothing that a verification remembered" in refused(config, "verify", "--since-last")
    too_long = str(tmp_path / ("a" * 300))
    assert "File name too long" in refused(config, "verify", "--since-last", "--state", too_long)
    assert "2 transactions with 2 transfers, all" in said(config, "verify", "--state", other, "--processes", "1")
    assert not list(tmp_path.glob(".other*")), "what was unfinished has taken its name"
    nowhere = ccd(config, "ledger", "verify", "--state", "/nowhere/state.json")
    assert (nowhere.returncode, "all as they were written" in nowhere.stdout) == (2, True)


def test_a_head_and_a_proof_are_made_and_checked(config: Path, tmp_path: Path) -> None:
    key, head, proof = (str(tmp_path / name) for name in ("key.pem", "head.json", "proof.json"))
    os.mkfifo(pipe := tmp_path / "pipe")
    public = said(config, "new-key", key).split()[-1]
    assert "File exists" in refused(config, "new-key", key)
    assert Path(key).stat().st_mode & 0o777 == 0o600
    for verb in (("checkpoint",), ("proof", "--account", "1001")):
        assert "is a private key, and would be gone" in refused(config, *verb, "--key", key, "--output", key)
        for device in (str(pipe), ""):
            assert "is there, and is no file" in refused(config, *verb, "--key", key, "--output", device)
        assert "x can't be written: File name too long" in refused(config, *verb, "--key", key, "--output", "x" * 300)
    assert pipe.is_fifo(), "as /dev/null stays what it is"
    assert public in said(config, "checkpoint", "--key", key, "--output", head)
    led = said(config, "verify", "--against", head)
    assert "all as they were written" in led
    bar = running.ccd("ledger", "verify", "--config", config, FORCE_COLOR="1")  # as on a terminal
    assert ("transactions" in bar.stderr, "1/1" in bar.stderr) == (True, True)
    assert "they lead to the head of 20" in led
    assert f" UTC, signed by {public}: compare it with the one you know" in led
    trusting = ("verify", "--against", head, "--trusted-key")
    assert "UTC, signed by the key that is trusted" in said(config, *trusting, public)
    assert "and not by the key that is trusted" in refused(config, *trusting, "00" * 32)
    assert "give it with --against FILE" in refused(config, "verify", "--trusted-key", public)
    for no_key in ("xyz", ""):
        assert f"{no_key!r}; allowed: a public key, 64 hexadecimal" in refused(config, *trusting, no_key)
    assert "1 lines" in said(config, "proof", "--account", "1001", "--key", key, "--output", proof)
    assert Path(proof).stat().st_mode & 0o777 == 0o600
    shown = said(config, "check-proof", proof, "--trusted-key", public)
    assert "savings: 7 min 45 s (465 s)" in shown
    assert "as they are told; whether there are others it can't show; signed by the key that is trusted" in shown
    assert "not by the key that is trusted" in refused(config, "check-proof", proof, "--trusted-key", "00" * 32)
    forged = Path(proof).read_text().replace('"seconds": 465', '"seconds": 466')
    Path(proof).write_text(forged)
    assert "does not lead from transaction 1" in refused(config, "check-proof", proof)
    of_nothing = json.loads(forged) | {"owner": "savings: 10 h (36000 s)\nagent/1001", "lines": []}
    Path(proof).write_text(json.dumps(of_nothing))
    told = said(config, "check-proof", proof, "--trusted-key", public)
    assert told.endswith(
        "no transaction is told, so nothing of anybody's is shown; signed by the key that is trusted\n"
    )
    assert "36000" not in told
    assert "9 has no account" in refused(config, "proof", "--account", "9", "--key", key)


def test_a_ledger_that_is_not_as_it_was_written_is_not_carried_over(config: Path, tmp_path: Path) -> None:
    (file,) = config.parent.rglob("ccd.sqlite")
    words = ("move", "--from", f"sqlite:///{file}", "--to", f"sqlite:///{tmp_path / 'to.sqlite'}")
    with behind_its_back(config) as hand:
        hand.execute("UPDATE balances SET seconds = 466 WHERE seconds = 465")
        done = call(config, *words)
        assert (done.returncode, "it says 466 s above 0; 465 s above 0 follow" in done.stdout) == (1, True)
        hand.execute("UPDATE balances SET seconds = 465 WHERE seconds = 466")
    assert hashlib.sha256().hexdigest() not in said(config, *words), "nothing is sealed, and yet it ends in something"


def test_a_ledger_is_carried_to_postgresql(config: Path, postgresql: PostgreSQL) -> None:
    (file,) = config.parent.rglob("ccd.sqlite")
    url = postgresql.create()
    words = ("move", "--from", f"sqlite:///{file}", "--to", url)
    assert "both ledgers end in" in said(config, *words)
    assert "the ledger to move to is not empty" in refused(config, *words)
    postgresql.drop()
