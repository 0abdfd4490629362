"""hledger's journal: accounts and the commodity are declared, as --strict wants; what moved nothing is a comment."""

import json
import re
from collections.abc import Mapping

from ccd.ledger.blocks import Block
from ccd.ledger.exports.form import (
    COMMODITY,
    SIGNS,
    Days,
    Form,
    Transaction,
    account_facts,
    leg_facts,
    name_of,
    utc_moment,
)
from ccd.ledger.model import Side
from ccd.ledger.recorded import Opened

UNTAGGABLE = re.compile(r"[,[\x7f-\x9f\u2028\u2029]")
TYPES = {Side.CREDIT.value: "L", Side.DEBIT.value: "A"}


def begun(days: Days) -> str:
    return f"; {SIGNS}\n; A tag's value is a JSON string.\ncommodity 1000. {COMMODITY}\n"


def opened(one: Opened, days: Days) -> str:
    head = f"account {name_of(one.account, one.kind.side)}  ; type: {TYPES[one.kind.side]}\n"
    return "\n" + head + _tags(account_facts(one), "    ; ")


def recorded(one: Transaction) -> str:
    if not one.entries:
        return f"\n; {one.recorded} {_legible(one.key)}: {one.kept.state}, and nothing moved\n" + _tags(
            one.facts(), "; "
        )
    said = [f"\n{one.entries[0].day} * {_legible(one.key)}\n", _tags(one.facts(), "    ; ")]
    for entry in one.entries:
        for number, seconds in ((entry.credit, -entry.seconds), (entry.debit, entry.seconds)):
            account = one.accounts[number]
            said.append(f"    {name_of(account.account, account.kind.side)}  {seconds} {COMMODITY}\n")
            said.append(_tags(leg_facts(entry), "        ; "))
    return "".join(said)


def sealed(block: Block) -> str:
    return f"; block {block.number}, {block.leaves} leaves, sealed {utc_moment(block.sealed_at)}: {block.hash.hex()}\n"


def balanced(one: Opened, seconds: int, days: Days) -> str:
    name = name_of(one.account, one.kind.side)
    return f"\n{days.after} * balance\n    {name}  0 {COMMODITY} = {-seconds} {COMMODITY}\n"


def _tags(facts: Mapping[str, str], indent: str) -> str:
    return "".join(f"{indent}{name}: {_value(text)}\n" for name, text in facts.items())


def _value(text: str) -> str:
    """On one line. A comma would end it, and a date in brackets be one of hledger's."""
    return UNTAGGABLE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(text, ensure_ascii=False))


def _legible(text: str) -> str:
    """For the eye: signs that mean something to hledger are left out here, and stand in the tag `key`."""
    return " ".join(re.sub(r"[^\w/.:-]+", " ", text).split())


HLEDGER = Form(begun, opened, recorded, sealed, balanced)
