"""Beancount: accounts are opened, transfers posted, balances asserted; what moved nothing is a `custom` directive."""

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
from ccd.ledger.recorded import Opened

ESCAPES = str.maketrans(
    {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\f": "\\f", "\b": "\\b", "\0": "\ufffd"}
)


def begun(days: Days) -> str:
    return f'; {SIGNS}\noption "title" "Time, in seconds"\n{days.first} commodity {COMMODITY}\n'


def opened(one: Opened, days: Days) -> str:
    head = f"{days.first} open {name_of(one.account, one.kind.side)} {COMMODITY}\n"
    return "\n" + head + _metadata(account_facts(one), 2)


def recorded(one: Transaction) -> str:
    if not one.entries:
        head = f'{one.recorded} custom "{one.kept.state}" {_quoted(one.key)}\n'
        return "\n" + head + _metadata(one.facts(), 2)
    said = [f"\n{one.entries[0].day} * {_quoted(one.key)}\n", _metadata(one.facts(), 2)]
    for entry in one.entries:
        for number, seconds in ((entry.credit, -entry.seconds), (entry.debit, entry.seconds)):
            account = one.accounts[number]
            said.append(f"  {name_of(account.account, account.kind.side)}  {seconds} {COMMODITY}\n")
            said.append(_metadata(leg_facts(entry), 4))
    return "".join(said)


def sealed(block: Block) -> str:
    return f"; block {block.number}, {block.leaves} leaves, sealed {utc_moment(block.sealed_at)}: {block.hash.hex()}\n"


def balanced(one: Opened, seconds: int, days: Days) -> str:
    """At the beginning of the day after the last."""
    return f"{days.after} balance {name_of(one.account, one.kind.side)}  {-seconds} {COMMODITY}\n"


def _metadata(facts: Mapping[str, str], indent: int) -> str:
    return "".join(f"{' ' * indent}{name}: {_quoted(value)}\n" for name, value in facts.items())


def _quoted(text: str) -> str:
    """All of it on one line. A NUL, which Beancount can't read, is told by the sign for what can't be told."""
    return f'"{text.translate(ESCAPES)}"'


BEANCOUNT = Form(begun, opened, recorded, sealed, balanced)
