"""Heads: a few bytes that stand for the whole ledger up to a block, signed to be kept elsewhere.

Within the database alone a ledger that was rewritten as a whole, or had its newest blocks cut off, looks right. Held
against a head from before, it does not.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from struct import error as struct_error
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)  # fmt: skip

from ccd.errors import FileError
from ccd.ledger.digest import DIGEST_BYTES, digest
from ccd.ledger.merkle import EMPTY

HEAD_FORMAT = 1
# What is raised by a file of somebody else's that is not what it should be: a field that is missing or of another kind,
# a number that nothing has, a nesting without end, what is no text.
ILLEGIBLE = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, struct_error)
TAKEN_AT_MAX = 253_402_300_799_999_999  # µs: the end of the year 9999
SAID_OTHERWISE = "is not as it was written: something was put in, or says the same in another way"


@dataclass(frozen=True, slots=True)
class Head:
    """`root` is that of the tree of `blocks` blocks, `local` what the last says of this database's own numbers.

    `taken_at` is in microseconds since the epoch.
    """

    blocks: int
    root: bytes
    local: bytes
    taken_at: int

    def content(self) -> bytes:
        """What is signed."""
        return digest(("head", str(self.blocks), self.root.hex(), self.local.hex(), str(self.taken_at)), HEAD_FORMAT)


@dataclass(frozen=True, slots=True)
class SignedHead:
    """With the public key (32 bytes) of whoever signed it."""

    head: Head
    key: bytes
    signature: bytes

    def check(self, source: str) -> None:
        """FileError where the signature is not of this head by this key."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.signature, self.head.content())
        except (InvalidSignature, ValueError):
            raise FileError(source, "its signature does not fit: it was changed since, or is no head") from None

    def as_json(self) -> dict[str, Any]:
        return {
            "format": HEAD_FORMAT,
            "blocks": self.head.blocks,
            "root": self.head.root.hex(),
            "local": self.head.local.hex(),
            "taken_at": self.head.taken_at,
            "key": self.key.hex(),
            "signature": self.signature.hex(),
        }


def sign(head: Head, key: Ed25519PrivateKey) -> SignedHead:
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return SignedHead(head, public, key.sign(head.content()))


def read_head(text: str, source: str) -> SignedHead:
    """FileError where the text is no head, or its signature is of another; `source` names it to a person."""
    try:
        said = json.loads(text, object_pairs_hook=said_once)
    except (ValueError, RecursionError) as error:
        raise FileError(source, f"is no JSON ({error})") from None
    return head_of(said, source)


def head_of(said: Mapping[str, Any], source: str) -> SignedHead:
    try:
        if said["format"] != HEAD_FORMAT:
            raise FileError(source, f"is of format {said['format']}; this program reads {HEAD_FORMAT}")
        root, local = bytes.fromhex(said["root"]), bytes.fromhex(said["local"])
        head = Head(int(said["blocks"]), root, local, int(said["taken_at"]))
        signed = SignedHead(head, bytes.fromhex(said["key"]), bytes.fromhex(said["signature"]))
        is_as_written = spelled(said) == spelled(signed.as_json())
    except ILLEGIBLE as error:
        raise FileError(source, f"is no head of a ledger ({error!r})") from None
    if {len(root), len(local)} != {DIGEST_BYTES}:
        raise FileError(source, "is no head of a ledger: its hashes are of another length")
    if head.blocks < 1 and (head.blocks, root, local) != (0, EMPTY, EMPTY):  # which no block is held against
        raise FileError(source, "is no head of a ledger: no blocks could lead to it")
    if not 0 <= head.taken_at <= TAKEN_AT_MAX:
        raise FileError(source, "is no head of a ledger: it was taken at no moment that a calendar has")
    signed.check(source)
    if not is_as_written:
        raise FileError(source, SAID_OTHERWISE)
    return signed


def said_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """ValueError for an object that says something twice: of those a person may read the one, and we the other."""
    said = dict(pairs)
    if len(said) < len(pairs):
        raise ValueError("it says something twice")
    return said


def spelled(said: Mapping[str, Any]) -> str:
    """As a text, of which 465.9, "465" and 465 are not the same, though all of them are read as 465."""
    return json.dumps(said, sort_keys=True)


def made_key() -> bytes:
    """A private key as PEM, to be kept where nobody writes to the ledger."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read_key(pem: bytes, source: str) -> Ed25519PrivateKey:
    """FileError where the bytes are no Ed25519 key in PEM without a password."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise FileError(source, f"is no private key that can be read ({error})") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise FileError(source, "is a key of another kind than Ed25519")
    return key
