"""Heads stand for a ledger, proofs for the lines of a statement: whatever is changed in one of them shows."""

import json
from bisect import bisect
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.errors import FileError, ProofError
from ccd.ledger.heads import Head, made_key, read_head, read_key, sign
from ccd.ledger.merkle import EMPTY
from ccd.ledger.proofs import check_proof, proof_text
from ccd.ledger.proving import head_now, proven_statement
from ccd.ledger.sealing import Sealer
from ccd.sql.turns import Patience
from tests.ledger.histories import everything

KEY = Ed25519PrivateKey.generate()
KEPT = b"1" * 32


async def proof_of(engine: AsyncEngine, owner: str) -> str:
    await everything(engine)
    async with engine.connect() as connection:
        proven = await proven_statement(connection, owner, KEY, 7)
    assert proven.unsealed == (owner in ("ann", "house"))
    return proof_text(owner, proven.head, proven.lines)


@pytest.mark.parametrize(
    ("owner", "sums"),
    [
        ("ann", {"savings": 365, "gift": 100, "reserved": 0}),
        ("bob", {"savings": 500, "gift": 0, "reserved": 500}),
        ("house", {"savings": -1_465}),
        ("nobody", {}),
    ],
)
async def test_a_statement_is_shown_line_by_line(engine: AsyncEngine, owner: str, sums: dict[str, int]) -> None:
    shown = check_proof(await proof_of(engine, owner), "a file")
    assert shown.sums == sums
    assert shown.head.head.blocks == 3


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "seconds": lambda said: said["lines"][0]["transfers"][0].update(seconds=466),
    "who": lambda said: said["lines"][0]["transfers"][0].update(credit=["eve", "savings"]),
    "day": lambda said: said["lines"][0]["transfers"][0].update(day="2026-11-24"),
    "a transfer less": lambda said: said["lines"][0]["transfers"].pop(),
    "text": lambda said: said["lines"][0]["transaction"].update(text="another"),
    "who asked": lambda said: said["lines"][1]["transaction"].update(asked_by="eve"),
    "state": lambda said: said["lines"][1]["transaction"].update(state="refused"),
    "place": lambda said: said["lines"][1].update(place=said["lines"][1]["place"] + 1),
    "path": lambda said: said["lines"][1]["path"].pop(),
    "block": lambda said: said["lines"][1]["block"].update(number=1),
    "the blocks before": lambda said: said["lines"][1]["block"].update(before="00" * 32),
    "block's path": lambda said: said["lines"][1]["block_path"].reverse() or said["lines"][1]["block_path"].pop(),
    "a line twice": lambda said: said["lines"].append(said["lines"][-1]),
    "order": lambda said: said["lines"].reverse(),
    "another's line": lambda said: said.update(owner="carol"),
    "no line at all": lambda said: said.update(lines=[{}]),
    "format": lambda said: said.update(format=2),
    "no lines": lambda said: said.pop("lines"),
    "no number": lambda said: said["lines"][0].update(number="x"),
    "a format that none has": lambda said: said["lines"][0]["transaction"].update(format=-1),
    "a text that is none": lambda said: said["lines"][0]["transaction"].update(text="\ud800"),
    "a block that none is": lambda said: said["lines"][0]["block"].update(number=2**70),
    "seconds without end": lambda said: said["lines"][0]["transfers"][0].update(seconds=float("inf")),
    "a place without end": lambda said: said["lines"][0].update(place=float("inf")),
    "seconds and a part of one": lambda said: said["lines"][0]["transfers"][0].update(seconds=465.9),
    "seconds as a text": lambda said: said["lines"][0]["transfers"][0].update(seconds="465"),
    "true for 1": lambda said: said["lines"][0]["block"].update(number=True),
    "the day in another way": lambda said: said["lines"][0]["transfers"][0].update(day="2026-W48-1"),
    "something that was put in": lambda said: said["lines"][0].update(balance=10**6),
    "lines of another kind": lambda said: said.update(lines={}),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_whatever_is_changed_in_a_proof_shows(engine: AsyncEngine, change: str) -> None:
    said = json.loads(await proof_of(engine, "bob"))
    CHANGES[change](said)
    with pytest.raises(ProofError, match="a file"):
        check_proof(json.dumps(said), "a file")


async def test_what_is_said_twice_or_with_the_head_of_another_moment_is_no_proof(engine: AsyncEngine) -> None:
    text = await proof_of(engine, "bob")
    with pytest.raises(ProofError, match="it says something twice"):
        check_proof(text.replace('"seconds": 465', '"seconds": 9, "seconds": 465'), "a file")
    async with engine.connect() as connection:
        await Sealer(engine, lambda: 8, Patience()).seal()
        newer = await proven_statement(connection, "bob", KEY, 9)
    for line, head in (
        (json.loads(text), newer.head.as_json()),
        (json.loads(proof_text("bob", *newer[:2])), json.loads(text)["head"]),
    ):
        with pytest.raises(ProofError, match="or they were not told together"):
            check_proof(json.dumps({**line, "head": head}), "a file")


@pytest.mark.parametrize("field", ["blocks", "root", "local", "taken_at", "key", "signature", "format"])
async def test_whatever_is_changed_in_a_head_shows(engine: AsyncEngine, field: str) -> None:
    await everything(engine)
    async with engine.connect() as connection:
        said = (await head_now(connection, KEY, 7)).as_json()
    assert read_head(json.dumps(said), "a file").as_json() == said
    kept = said[field]
    said[field] = kept + 1 if isinstance(kept, int) else f"{int(kept, 16) ^ 1:0{len(kept)}x}"
    with pytest.raises(FileError, match="a file"):
        read_head(json.dumps(said), "a file")


@pytest.mark.parametrize("said", [{"blocks": 3.9}, {"blocks": "3"}, {"taken_at": 7.0}, {"note": "put in"}])
async def test_a_head_that_says_the_same_in_another_way_is_none(engine: AsyncEngine, said: dict[str, Any]) -> None:
    await everything(engine)
    async with engine.connect() as connection:
        told = (await head_now(connection, KEY, 7)).as_json()
    with pytest.raises(FileError, match="says the same in another way"):
        read_head(json.dumps({**told, **said}), "a file")


async def test_a_head_that_nests_as_deep_as_can_be_read_and_not_be_written_is_none(engine: AsyncEngine) -> None:
    await everything(engine)
    async with engine.connect() as connection:
        told = json.dumps((await head_now(connection, KEY, 7)).as_json())
    deepest = bisect(range(1_000_000), 0, key=lambda depth: not is_read(nested(depth)))
    for depth in range(deepest - 50, deepest):
        with pytest.raises(FileError, match=r"a file (is no|is not as it was written)"):
            read_head(told.replace('"format"', f'"note": {nested(depth)}, "format"'), "a file")


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def is_read(text: str) -> bool:
    try:
        json.loads(text)
    except RecursionError:
        return False
    return True


async def test_a_head_of_a_moment_that_no_calendar_has_is_none(engine: AsyncEngine) -> None:
    await everything(engine)
    async with engine.connect() as connection:
        told = await head_now(connection, KEY, 10**30)
    with pytest.raises(FileError, match="no moment that a calendar has"):
        read_head(json.dumps(told.as_json()), "a file")


@pytest.mark.parametrize("head", [Head(0, KEPT, EMPTY, 7), Head(0, EMPTY, KEPT, 7), Head(-1, EMPTY, EMPTY, 7)])
def test_a_head_that_no_blocks_could_lead_to_is_none(head: Head) -> None:
    """No block has its number, so it would be held against nothing, and any ledger said to lead to it."""
    said = sign(head, KEY).as_json()
    with pytest.raises(FileError, match="no blocks could lead to it"):
        read_head(json.dumps(said), "a file")


WITHOUT_END = '{"format": 1, "root": "", "local": "", "blocks": Infinity}'


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": 1}', "\x00", WITHOUT_END, "[" * 100_000])
def test_what_is_no_head_is_said_to_be_none(text: str) -> None:
    with pytest.raises(FileError, match="a file is no"):
        read_head(text, "a file")


@pytest.mark.parametrize("text", ["", "null", "[" * 100_000])
def test_what_is_no_proof_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ProofError, match="a file is no proof"):
        check_proof(text, "a file")


def test_a_key_is_made_and_read_and_what_is_none_is_said_to_be() -> None:
    assert isinstance(read_key(made_key(), "a file"), Ed25519PrivateKey)
    other = Ed448PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for pem, match in ((b"", "no private key"), (other, "another kind")):
        with pytest.raises(FileError, match=match):
            read_key(pem, "a file")


async def test_an_empty_ledger_has_a_head_too(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        signed = await head_now(connection, KEY, 7)
    assert read_head(json.dumps(signed.as_json()), "here") == signed
    assert signed.head.blocks == 0
    assert sign(signed.head, KEY) == signed
