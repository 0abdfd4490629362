"""`ccd ledger verify`, `checkpoint`, `new-key`, `proof`, `check-proof`: is the ledger as it was written?"""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ccd.bank.accounts import agent_owner
from ccd.commands.configuration import Config
from ccd.commands.ledger.asking import asked, asked_of, bar_of, now_us
from ccd.commands.whole_file import OF_PEOPLE, TO_BE_SHOWN, written_whole
from ccd.errors import FileError, LedgerDoesNotFollowError, UnknownAccountError
from ccd.ledger.books import Ledger
from ccd.ledger.guards import indexes_astray
from ccd.ledger.heads import Head, SignedHead, made_key, read_head, read_key
from ccd.ledger.proofs import check_proof as checked
from ccd.ledger.proofs import proof_text
from ccd.ledger.proving import Proven, head_now, proven_statement, unsealed
from ccd.ledger.remembered import Remembered, read_remembered
from ccd.ledger.sealing import Sealer
from ccd.ledger.sound import as_written, reading_as_written
from ccd.ledger.verify import Verdict
from ccd.ledger.verify import verify as verified
from ccd.reports.legible import on_one_line
from ccd.reports.plain_table import PlainTable
from ccd.reports.words import in_words
from ccd.settings import read
from ccd.sql.turns import Patience

FINDINGS_SHOWN_MAX = 100
KEY_MODE = 0o600
PRIVATE_KEY = b"PRIVATE KEY-----"
VERIFIED_FILE = "ledger-verified.json"

KeyFile = Annotated[Path, typer.Option("--key", help="The private key, as `ccd ledger new-key` made it.")]
PUBLIC_KEY = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)


def _as_public_key(said: str | None) -> str | None:
    if said is not None and not PUBLIC_KEY.fullmatch(said):
        raise typer.BadParameter(f"{said!r}; allowed: a public key, 64 hexadecimal digits, as `new-key` told it")
    return said


Trusted = Annotated[
    str | None,
    typer.Option(
        "--trusted-key",
        callback=_as_public_key,
        help="The public key that the head has to be signed by, in hexadecimal.",
    ),
]
Output = Annotated[Path | None, typer.Option("--output", help="The file to write; without it, to the screen.")]


def verify(
    config: Config,
    against: Annotated[
        Path | None, typer.Option(help="A head from `ccd ledger checkpoint`, kept elsewhere since.")
    ] = None,
    trusted_key: Trusted = None,
    since_last: Annotated[
        bool, typer.Option("--since-last", help="Only from the block on up to which the last one found nothing.")
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option(help=f"Where that is remembered; else {VERIFIED_FILE} in state_directory, with --since-last."),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="So many go through a large ledger side by side; else one a core.")
    ] = None,
) -> None:
    """Derive the ledger again, and say where it does not follow. Without a fault it ends with 0, else with 1."""
    settings = read(config)
    file = state or (settings.state_directory / VERIFIED_FILE if since_last else None)
    if trusted_key is not None and not against:
        raise typer.BadParameter("--trusted-key is of a head; give it with --against FILE")
    signed = read_head(read_text(against), str(against)) if against else None
    if signed:
        check_signer(signed, trusted_key, str(against))
    head = signed.head if signed else None
    since = remembered_in(file) if since_last and file else None
    beside = processes or len(os.sched_getaffinity(0))
    verdict = asked_of(settings, lambda ledger: with_a_bar(ledger, head, since, beside))
    for finding in verdict.findings[:FINDINGS_SHOWN_MAX]:
        print(on_one_line(str(finding)))
    if verdict.findings:
        raise LedgerDoesNotFollowError(len(verdict.findings))
    after = f" after block {verdict.since}, up to which it was verified before" if since else ""
    print(
        f"{verdict.transactions} transactions with {verdict.entries} transfers{after}, all as they were written; "
        f"{verdict.blocks} blocks, {verdict.unsealed} transactions not sealed yet"
    )
    if signed:
        moment = datetime.fromtimestamp(signed.head.taken_at // 1_000_000, UTC)
        lead = "they lead to the head" if signed.head.blocks else "any ledger leads to a head of no blocks, this one"
        print(f"{lead} of {moment:%Y-%m-%d %H:%M:%S} UTC, {signed_by(signed, trusted_key)}")
    if file and verdict.remembered:
        write(verdict.remembered.as_text(), file)


async def with_a_bar(ledger: Ledger, head: Head | None, since: Remembered | None, processes: int) -> Verdict:
    with bar_of("transactions") as told:
        verdict = await verified(ledger.engine, told, head, since, processes)
    if since is None:
        with bar_of("indexes") as told:
            async with ledger.engine.connect() as connection:
                verdict.findings += await indexes_astray(connection, told)
    return verdict


def checkpoint(config: Config, key: KeyFile, output: Output = None) -> None:
    """Seal what was recorded, and sign a head of it, to be kept where nobody writes to the ledger."""
    private = read_key(read_bytes(key), str(key))
    signed, newer = asked(config, lambda ledger: sealed_head(ledger, private))
    write(json.dumps(signed.as_json(), indent=1), output, TO_BE_SHOWN)  # it names nobody
    _say(f"a head of {signed.head.blocks} blocks: {output}; signed by {signed.key.hex()}", newer, output)


def new_key(file: Annotated[Path, typer.Argument(help="Where to; it may not be there yet.")]) -> None:
    """Make a private key that signs heads and proofs. Keep it, and what it signed, away from the database."""
    private = made_key()
    with naming(file), os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, KEY_MODE), "wb") as written:
        written.write(private)
    public = read_key(private, str(file)).public_key().public_bytes_raw()
    print(f"{file}: the private key; its public one is {public.hex()}")


def proof(
    config: Config,
    account: Annotated[str, typer.Option(help="The agent, as on the roster.")],
    key: KeyFile,
    output: Output = None,
) -> None:
    """An agent's statement, each line with its way to a signed head: `check-proof` needs nothing else."""
    private = read_key(read_bytes(key), str(key))
    proven = asked(config, lambda ledger: sealed_statement(ledger, account, private))
    with as_written():
        said = proof_text(agent_owner(account), proven.head, proven.lines)
    write(said, output)
    _say(f"{len(proven.lines)} lines: {output}", proven.unsealed, output)


def _say(of_file: str, newer: int, output: Path | None) -> None:
    """What was written, and how many transactions are not in it: beside it, where it was printed."""
    not_in_it = f"{newer} newer are not sealed yet" if newer else ""
    if output:
        print("; ".join(filter(None, (of_file, not_in_it))))
    elif not_in_it:
        print(not_in_it, file=sys.stderr)


def check_proof(
    file: Annotated[Path, typer.Argument(help="As `ccd ledger proof` wrote it.")],
    trusted_key: Trusted = None,
) -> None:
    """Check a statement against the head in it, without a database. It can't show that no line was left out."""
    shown = checked(read_text(file), str(file))
    check_signer(shown.head, trusted_key, str(file))
    table = PlainTable("day", "recorded (UTC)", "transaction", "account", "seconds")
    for line in shown.lines:
        recorded = datetime.fromtimestamp(line.kept.recorded_at / 1_000_000, UTC)
        for transfer in line.transfers:
            for number, seconds in ((transfer.debit, -transfer.seconds), (transfer.credit, transfer.seconds)):
                owner, kind = line.accounts[number]
                if owner == shown.owner:
                    table.add(str(transfer.day), f"{recorded:%Y-%m-%d %H:%M:%S}", line.kept.key, kind, str(seconds))
    table.print()
    for kind, seconds in sorted(shown.sums.items()):
        print(f"{on_one_line(kind)}: {in_words(seconds)} ({seconds} s)")
    if shown.lines:
        told = (
            f"{on_one_line(shown.owner)}: {len(shown.lines)} transactions, all in the ledger as they are told; "
            "whether there are others it can't show"
        )
    else:  # whose it is, nothing in it shows either
        told = "no transaction is told, so nothing of anybody's is shown"
    print(f"{told}; {signed_by(shown.head, trusted_key)}")


def check_signer(head: SignedHead, trusted_key: str | None, source: str) -> None:
    if trusted_key is not None and head.key.hex() != trusted_key.lower():
        raise FileError(source, f"is signed by {head.key.hex()}, and not by the key that is trusted")


def signed_by(head: SignedHead, trusted_key: str | None) -> str:
    if trusted_key is not None:
        return "signed by the key that is trusted"
    return f"signed by {head.key.hex()}: compare it with the one you know"


async def sealed_head(ledger: Ledger, key: Ed25519PrivateKey) -> tuple[SignedHead, int]:
    """And how many transactions are newer."""
    await Sealer(ledger.engine, now_us, Patience()).seal()
    async with reading_as_written(ledger.engine) as connection:
        return await head_now(connection, key, now_us()), await unsealed(connection)


async def sealed_statement(ledger: Ledger, agent: str, key: Ed25519PrivateKey) -> Proven:
    owner = agent_owner(agent)
    if not await ledger.balances(owner):
        raise UnknownAccountError(agent)
    await Sealer(ledger.engine, now_us, Patience()).seal()
    async with reading_as_written(ledger.engine) as connection:
        return await proven_statement(connection, owner, key, now_us())


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """FileError where the machine refuses what is done with it."""
    try:
        yield
    except OSError as error:
        raise FileError(str(file), str(error.strerror)) from None


def read_bytes(file: Path) -> bytes:
    with naming(file):
        return file.read_bytes()


def remembered_in(file: Path) -> Remembered | None:
    """What a verification before this one left there, if there was one."""
    with naming(file):
        is_there = file.exists()
    return read_remembered(read_text(file), str(file)) if is_there else None


def read_text(file: Path) -> str:
    try:
        return read_bytes(file).decode()
    except UnicodeDecodeError:
        raise FileError(str(file), "it is no text in UTF-8") from None


def write(text: str, output: Path | None, mode: int = OF_PEOPLE) -> None:
    """Never in the place of a private key, of which there may be no other."""
    if output is None:
        sys.stdout.write(text + "\n")
        return
    with written_whole(output, mode) as unfinished:
        if output.exists() and PRIVATE_KEY in read_bytes(output):
            raise FileError(str(output), "is a private key, and would be gone; another --output")
        unfinished.write_text(text + "\n", "utf-8")
