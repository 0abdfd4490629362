"""Digests are for ever, in whichever format: what was once posted has to be found right by every later program."""

from hashlib import sha256

import pytest

from ccd.ledger.digest import digest

FIELDS = ("ann", "", "時")

# Written out by hand. In binary: the format, how many fields, the length of each in bytes, the fields.
CONTENTS = {
    1: bytes.fromhex("0001 0003 00000003 00000000 00000003 616e6e e69982"),
    2: bytes.fromhex("0002 0003 00000003 00000000 00000003 616e6e e69982"),
    3: "3;3:ann0:1:時".encode(),
}


@pytest.mark.parametrize("version", CONTENTS)
def test_a_digest_is_of_what_its_format_says(version: int) -> None:
    assert digest(FIELDS, version) == sha256(CONTENTS[version]).digest()


@pytest.mark.parametrize("version", CONTENTS)
def test_what_goes_from_one_field_to_the_next_changes_the_digest(version: int) -> None:
    same_text = [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", ""), ("abc",), ("a", "", "bc"), ("1:a", "bc")]
    assert len({digest(fields, version) for fields in same_text}) == len(same_text)
