"""No key of a service can be claimed by hand."""

import re
from importlib import import_module
from pathlib import Path

import pytest

import ccd as ccd_itself
from ccd.bank.own_keys import OWN_WORDS, own_word

CAPS_AND_OWNERS = {"agent", "house", "gift", "budget", "quota"}
OF_A_PACKET = {"proposed"}  # within its key


def test_every_word_with_which_a_service_begins_its_keys_is_known() -> None:
    """Whatever is spelled as a word, or its name, and what it is of, in the code of those who post by themselves."""
    words = set()
    for folder in ("bank", "ledger"):
        for file in (Path(ccd_itself.__file__).parent / folder).glob("*.py"):
            code = file.read_text()
            words |= {*re.findall(r'f"([a-z-]+)/\{', code)}
            for name in re.findall(r'f"\{([A-Z_]+)\}/', code):
                words.add(getattr(import_module(f"ccd.{folder}.{file.stem}"), name))
    assert words - CAPS_AND_OWNERS - OF_A_PACKET == OWN_WORDS


@pytest.mark.parametrize(
    ("key", "word"),
    [("expiry/1001/2026-11", "expiry"), ("settle/", "settle"), ("settle", None), ("by-hand/7", None), ("", None)],
)
def test_it_is_the_first_word_that_says_whose_a_key_is(key: str, word: str | None) -> None:
    assert own_word(key) == word
