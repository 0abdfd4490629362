"""JSON lines and CSV: records with everything that digests and blocks are made of.

In JSON lines a record is an account, a transaction with its transfers, a block or a balance. In CSV, one table in which
`record` says which columns are meant, a transfer is a row of its own below its transaction. Digests and hashes are in
hex, moments in microseconds since the epoch, times in seconds.

What was changed behind the ledger's back is told as it is, so that it can be held against a backup: an account that is
not there goes by its number, and bytes where a text should be as Python spells them.
"""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ccd.ledger.audit import Entry, TransactionRow
from ccd.ledger.blocks import Block
from ccd.ledger.exports.form import Form, Transaction
from ccd.ledger.recorded import Opened

Record = Mapping[str, Any]
OF_TRANSFERS = (
    "leg", "debit_owner", "debit_kind", "credit_owner", "credit_kind", "seconds", "day", "service",
    "reverses_transaction", "reverses_leg", "reverses_digest",
)  # fmt: skip
OF_ACCOUNTS = ("owner", "kind", "unit", "side", "floor", "opened_at")
OF_BLOCKS = (
    "number", "after", "up_to", "accounts_after", "accounts_up_to", "leaves", "root", "before", "hash", "local",
    "earliest", "latest", "sealed_at",
)  # fmt: skip
COLUMNS = ("record", *TransactionRow._fields, *OF_TRANSFERS, *OF_ACCOUNTS, *OF_BLOCKS)


def account_record(one: Opened) -> Record:
    return {
        "record": "account", "id": one.id, "owner": one.account.owner, "kind": one.account.kind, "unit": one.unit,
        "side": one.kind.side, "floor": one.kind.floor, "opened_at": one.opened_at, "asked_by": one.asked_by,
        "digest": one.digest.hex(),
    }  # fmt: skip


def transaction_record(kept: TransactionRow) -> Record:
    return {"record": "transaction", **kept._asdict(), "digest": kept.digest.hex()}


def transfer_record(entry: Entry, accounts: Mapping[int, Opened]) -> dict[str, Any]:
    debit, credit = (
        accounts[number].account if number in accounts else ("", str(number)) for number in (entry.debit, entry.credit)
    )
    number, leg = entry.reverses or (None, None)
    digest = entry.reversed_digest.hex() if entry.reversed_digest else None
    return dict(
        zip(OF_TRANSFERS, (
            entry.leg, *debit, *credit, entry.seconds, entry.day.isoformat(), entry.service, number, leg, digest
        ), strict=True)
    )  # fmt: skip


def block_record(block: Block) -> Record:
    told = asdict(block)
    told |= told.pop("span")
    return {
        "record": "block",
        **{name: value.hex() if isinstance(value, bytes) else value for name, value in told.items()},
    }


def balance_record(one: Opened, seconds: int) -> Record:
    return {"record": "balance", "owner": one.account.owner, "kind": one.account.kind, "seconds": seconds}


def _json(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"), default=repr) + "\n"


def _transaction_line(one: Transaction) -> str:
    transfers = [transfer_record(entry, one.accounts) for entry in one.entries]
    return _json({**transaction_record(one.kept), "transfers": transfers})


def _rows(*records: Record) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([record.get(column) for column in COLUMNS] for record in records)
    return text.getvalue()


def _transaction_rows(one: Transaction) -> str:
    transfers = [transfer_record(entry, one.accounts) for entry in one.entries]
    named = ({"record": "transfer", "id": one.kept.id, **transfer} for transfer in transfers)
    return _rows(transaction_record(one.kept), *named)


JSON_LINES = Form(
    begun=lambda days: "",
    opened=lambda one, days: _json(account_record(one)),
    recorded=_transaction_line,
    sealed=lambda block: _json(block_record(block)),
    balanced=lambda one, seconds, days: _json(balance_record(one, seconds)),
)
CSV = Form(
    begun=lambda days: _rows({column: column for column in COLUMNS}),
    opened=lambda one, days: _rows(account_record(one)),
    recorded=_transaction_rows,
    sealed=lambda block: _rows(block_record(block)),
    balanced=lambda one, seconds, days: _rows(balance_record(one, seconds)),
)
