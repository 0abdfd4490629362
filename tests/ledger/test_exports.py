"""The export: other programs read it, agree, and can tell the whole ledger from it."""

import asyncio
import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from beancount.core.data import Custom, Open
from beancount.core.data import Transaction as Posted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from ccd.ledger.balances import balances_of, sums_of
from ccd.ledger.books import Ledger
from ccd.ledger.digest import account_digest, digest
from ccd.ledger.exports.beancount import BEANCOUNT
from ccd.ledger.exports.form import Form, legal, name_of
from ccd.ledger.exports.hledger import HLEDGER
from ccd.ledger.exports.records import COLUMNS, CSV, JSON_LINES
from ccd.ledger.exports.told import whole_export
from ccd.ledger.model import Account, Kind, Leg, Posting, Side
from ccd.ledger.recorded import accounts_opened
from ccd.ledger.schema import entries
from ccd.sql.engine import open_engine
from tests.ledger.accounts import DAY
from tests.ledger.forging import without_guards
from tests.ledger.histories import everything
from tests.ledger.plain_text import Balances, bean_check, beancount_balances, hledger

__all__ = ["hledger"]

WILD = '团队, a "gift"; [2026-13-45] date: x\n\\ 100%\t{} | = @ \u2028 *'


async def exported(engine: AsyncEngine, form: Form) -> str:
    return "".join([piece async for piece in whole_export(engine, form)])


async def own_balances(engine: AsyncEngine) -> Balances:
    """The ledger's, account by account; in the books of others what is owed is below zero."""
    found = {}
    async with engine.connect() as connection:
        for one in await accounts_opened(connection):
            read = sums_of if one.kind.floor is None else balances_of
            seconds = (await read(connection, one.account.owner))[one.account.kind]
            found[name_of(one.account, one.kind.side)] = -seconds
    return found


async def test_bean_check_accepts_it_and_comes_to_the_same_balances(engine: AsyncEngine, tmp_path: Path) -> None:
    await everything(engine, WILD)
    file = tmp_path / "ledger.beancount"
    file.write_text(await exported(engine, BEANCOUNT), encoding="utf-8")
    assert bean_check(file) == await own_balances(engine)


async def test_hledger_accepts_it_and_comes_to_the_same_balances(
    engine: AsyncEngine, tmp_path: Path, hledger: Callable[[Path], Balances]
) -> None:
    await everything(engine, WILD)
    file = tmp_path / "ledger.journal"
    file.write_text(await exported(engine, HLEDGER), encoding="utf-8")
    assert hledger(file) == await own_balances(engine)


@pytest.mark.parametrize("form", [BEANCOUNT, HLEDGER], ids=["beancount", "hledger"])
async def test_they_would_find_a_balance_that_is_not_the_transfers(
    engine: AsyncEngine, tmp_path: Path, hledger: Callable[[Path], Balances], form: Form
) -> None:
    await everything(engine)
    file = tmp_path / "ledger"
    text = await exported(engine, form)
    changed = text.replace("  -465 SEC\n", "  -464 SEC\n", 1).replace("  465 SEC\n", "  464 SEC\n", 1)
    assert sum(one != other for one, other in zip(text.split(), changed.split(), strict=True)) == 2
    file.write_text(changed, encoding="utf-8")
    with pytest.raises(AssertionError):
        beancount_balances(file) if form is BEANCOUNT else hledger(file)


async def test_beancount_is_told_names_dates_reversals_and_what_was_refused(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    await everything(engine, WILD)
    file = tmp_path / "ledger.beancount"
    file.write_text(await exported(engine, BEANCOUNT), encoding="utf-8")
    found, _, _ = loader.load_file(str(file))
    ann = next(each for each in found if isinstance(each, Open) and each.meta["owner"] == "ann")
    assert (ann.meta["kind"], ann.meta["unit"], ann.meta["side"], ann.meta["floor"]) == (
        "savings", "demo", "credit", "0"
    )  # fmt: skip
    posted = {each.meta["key"]: each for each in found if isinstance(each, Posted)}
    assert posted["first/r1"].meta["text"] == WILD
    assert (posted["first/r1"].date, posted["first/r1"].meta["recorded"][:10]) == (DAY, "2025-11-24")
    taken_back = f"{posted['first/r1'].meta['transaction']}.2"
    assert [each.meta and each.meta["reverses"] for each in posted["back/r1"].postings] == [taken_back, taken_back]
    assert "draw" in posted["drawn/r1"].meta["terms"]
    apart = {each.meta["key"]: each for each in found if isinstance(each, Custom)}
    assert apart["refused/r1"].meta["refusal"]
    assert {"refused/r1", "nothing/r1", "limit/r1", "close/r1"} == set(apart)
    assert "refused/r1" not in posted


async def test_hledger_is_told_the_same_in_tags_and_comments(engine: AsyncEngine) -> None:
    await everything(engine, WILD)
    lines = (await exported(engine, HLEDGER)).splitlines()
    tags = [line.strip(" ;").partition(": ")[::2] for line in lines if line.lstrip().startswith("; ")]
    texts = [json.loads(value) for name, value in tags if name == "text"]
    assert texts == [WILD]
    refused = [line for line in lines if "refused, and nothing moved" in line]
    assert refused
    assert all(line.startswith(";") for line in refused)
    assert sum(name == "reverses" for name, _ in tags) == 2


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n")[:-1]]


def account_hash(one: dict[str, Any]) -> str:
    floor = int(one["floor"]) if one["floor"] not in (None, "") else None
    kind = Kind(one["kind"], Side(one["side"]), floor)
    account = Account(one["owner"], one["kind"])
    return account_digest(account, kind, one["unit"], int(one["opened_at"]), one["asked_by"]).hex()


def transaction_hash(one: dict[str, Any], transfers: list[dict[str, Any]]) -> str:
    names = "key revision book month state reference text asked_by facts terms refusal recorded_at"
    fields = [str(one[name]) for name in names.split()]
    for leg in transfers:
        names = "debit_owner debit_kind credit_owner credit_kind seconds day service reverses_digest reverses_leg"
        fields += ["" if leg[name] is None else str(leg[name]) for name in names.split()]
    return digest(fields, int(one["format"])).hex()


async def test_from_json_lines_every_digest_and_balance_can_be_derived(engine: AsyncEngine) -> None:
    await everything(engine, WILD)
    records = lines_of(await exported(engine, JSON_LINES))
    of = {kind: [one for one in records if one["record"] == kind] for kind in ("account", "transaction", "block")}
    assert [account_hash(one) for one in of["account"]] == [one["digest"] for one in of["account"]] != []
    transactions = of["transaction"]
    assert [transaction_hash(one, one["transfers"]) for one in transactions] == [one["digest"] for one in transactions]
    assert sum(block["leaves"] for block in of["block"]) == len(of["account"]) + len(transactions) - 1
    sums: dict[tuple[str, str], int] = {(one["owner"], one["kind"]): 0 for one in of["account"]}
    for leg in (leg for one in transactions for leg in one["transfers"]):
        sums[leg["debit_owner"], leg["debit_kind"]] -= leg["seconds"]
        sums[leg["credit_owner"], leg["credit_kind"]] += leg["seconds"]
    balances = {(one["owner"], one["kind"]): one["seconds"] for one in records if one["record"] == "balance"}
    assert balances == sums


@pytest.mark.parametrize("form", [JSON_LINES, CSV], ids=["jsonl", "csv"])
async def test_what_was_changed_behind_the_ledger_s_back_is_told_to_be_held_against_a_backup(
    engine: AsyncEngine, form: Form
) -> None:
    await everything(engine)
    before = (await exported(engine, form)).splitlines()
    async with without_guards(engine) as hand:
        await hand.execute(update(entries).where(entries.c.transaction_id == 3).values(debit=9_999))
        if engine.dialect.name == "sqlite":
            await hand.exec_driver_sql("UPDATE transactions SET facts = x'ff' WHERE id = 3")
        await hand.exec_driver_sql("COMMIT")
    after = (await exported(engine, form)).splitlines()
    differing = {line for line in after if line not in before}
    assert any("9999" in line for line in differing)
    assert len(after) == len(before)


async def test_csv_holds_the_same_as_json_lines(engine: AsyncEngine) -> None:
    await everything(engine, WILD)
    rows = list(csv.DictReader(io.StringIO(await exported(engine, CSV), newline="")))
    assert list(rows[0]) == list(COLUMNS)
    expected = []
    for one in lines_of(await exported(engine, JSON_LINES)):
        transfers = one.pop("transfers", [])
        expected += [one, *({"record": "transfer", "id": one["id"], **leg} for leg in transfers)]
    assert rows == [
        {column: "" if one.get(column) is None else str(one[column]) for column in COLUMNS} for one in expected
    ]
    transfers = [[leg for leg in rows if (leg["record"], leg["id"]) == ("transfer", one["id"])] for one in rows]
    for one, legs in zip(rows, transfers, strict=True):
        if one["record"] == "transaction":
            assert transaction_hash(one, legs) == one["digest"]


async def test_an_empty_ledger_is_told_too(
    engine: AsyncEngine, tmp_path: Path, hledger: Callable[[Path], Balances]
) -> None:
    file = tmp_path / "ledger"
    file.write_text(await exported(engine, BEANCOUNT))
    assert bean_check(file) == {}
    file.write_text(await exported(engine, HLEDGER))
    assert hledger(file) == {}
    assert await exported(engine, JSON_LINES) == ""


SIGNS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
WORDS = st.text(st.sampled_from("aAxX09-/ :;\"'\\,.张é\n\t[]|*=2d") | SIGNS, max_size=12)


@given(st.lists(WORDS, unique=True))
def test_names_that_are_not_the_same_do_not_become_the_same(names: list[str]) -> None:
    assert len({legal(name) for name in names}) == len(names)


@given(st.lists(st.text("aAxX2dD-/", max_size=9), unique=True, min_size=20, max_size=200))
def test_nor_do_names_made_of_the_signs_that_others_are_made_legal_with(names: list[str]) -> None:
    assert len({legal(name) for name in names}) == len(names)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(WORDS, min_size=2, max_size=5), st.sets(WORDS, min_size=1, max_size=2), WORDS, WORDS, WORDS)
def test_whatever_names_and_texts_hold_both_programs_accept_it(
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    hledger: Callable[[Path], Balances],
    owners: set[str],
    kinds: set[str],
    key: str,
    service: str,
    text: str,
) -> None:
    asyncio.run(accepted(sqlite_template, tmp_path_factory.mktemp("wild"), hledger, owners, kinds, key, service, text))


async def accepted(
    template: Path,
    folder: Path,
    hledger: Callable[[Path], Balances],
    owners: set[str],
    kinds: set[str],
    key: str,
    service: str,
    text: str,
) -> None:
    shutil.copy(template, folder / "wild.sqlite")
    engine = open_engine(f"sqlite+aiosqlite:///{folder / 'wild.sqlite'}")
    ledger = Ledger(engine, lambda: 1_764_000_000_000_000)
    await ledger.open_accounts(owners, tuple(Kind(kind, Side.CREDIT, None) for kind in kinds), text, service)
    first, other = [Account(owner, min(kinds)) for owner in sorted(owners)[:2]]
    legs = (Leg(first, other, 5, service),)
    await ledger.post(Posting(key or "k", 1, text or "b", DAY, legs, service or "x", text, text, text))
    await ledger.post(Posting(f"{key} nothing", 1, text or "b", DAY, (), service or "x", text, text, text))
    expected = await own_balances(engine)
    assert len(expected) == len(owners) * len(kinds)
    for name, form, read in (("beancount", BEANCOUNT, beancount_balances), ("journal", HLEDGER, hledger)):
        file = folder / f"ledger.{name}"
        file.write_text(await exported(engine, form), encoding="utf-8", newline="")
        assert read(file) == expected
    found, _, _ = loader.load_file(str(folder / "ledger.beancount"))
    opened = {(each.meta["owner"], each.meta["kind"]) for each in found if isinstance(each, Open)}
    assert opened == {(owner, kind) for owner in owners for kind in kinds}
    assert {each.meta.get("text", "") for each in found if isinstance(each, Posted)} == {text}
    await engine.dispose()
