"""A block is found by where the index says that it is, and by the members alone where the index is wrong."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from ccd.pbx import evidence_index
from ccd.pbx.evidence import Evidence
from ccd.pbx.evidence_file import REF_NUMBERS, day_path, evidence_members, hash_path, seal
from ccd.pbx.evidence_index import ENTRY, Entries, complete, evidence_hash, find, found, index_path
from tests.pbx.said_log import SaidLog
from tests.pbx.test_evidence import DAY, NOON, evidence

TODAY = 20261123


async def written(folder: Path, members_: int = 40, blocks: int = 5) -> tuple[Evidence, dict[int, bytes]]:
    """A day of some members, and its blocks by ref."""
    kept, said = evidence(folder), {}
    for member in range(members_):
        for block in range(blocks):
            text = b"Event: %d\r\nN: %d" % (member, block)
            said[kept.keep(NOON, text)] = text
        await kept.flush()
    return kept, said


def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The members whose heads are read from now on."""
    heads: list[int] = []

    def counted(*asked: Any) -> Any:
        for head in evidence_members(*asked):
            heads.append(head.offset)
            yield head

    monkeypatch.setattr(evidence_index, "evidence_members", counted)
    return heads


async def test_the_index_leads_to_the_one_member_that_has_the_block(tmp_path, monkeypatch):
    kept, said = await written(tmp_path)
    heads = looked_at(monkeypatch)
    for ref, text in said.items():
        assert find(kept.folder, ref) == text
    assert len(heads) == 2 * len(said), "once for the index' sake, and once to read it"
    assert found(kept.folder, [*said, 0, max(said) + 1, REF_NUMBERS * 20200101 + 1]) == said


@pytest.mark.parametrize("damage", ["none", "cut", "zeros", "noise", "of another day", "swapped", "behind"])
async def test_a_wrong_index_changes_no_answer(tmp_path, damage):
    kept, said = await written(tmp_path)
    index = index_path(day_path(kept.folder, TODAY))
    whole = index.read_bytes()
    chance = Random(damage)
    half = len(whole) // 2 // ENTRY.size * ENTRY.size
    index.write_bytes(
        {
            "none": b"",
            "cut": whole[: half + 5],
            "zeros": whole[:half] + bytes(len(whole) - half),
            "noise": chance.randbytes(len(whole)),
            "of another day": b"".join(ENTRY.pack(n, n * 1_000) for n in range(0, 200, 5)),
            "swapped": whole[half:] + whole[:half],
            "behind": whole[:half],
        }[damage]
    )
    for ref in (*said, max(said) + 1, min(said) - 1):
        assert find(kept.folder, ref) == said.get(ref)


async def test_the_index_of_a_closed_day_is_completed_by_who_reads_it_and_that_of_an_open_one_by_who_writes(tmp_path):
    kept, said = await written(tmp_path)
    index = index_path(day_path(kept.folder, TODAY))
    whole = index.read_bytes()
    for left in (b"", whole[:37], bytes(64)):
        index.write_bytes(left)
        assert found(kept.folder, said) == said
        assert index.read_bytes() == left, "whoever follows the PBX may be writing it"
    evidence(tmp_path)
    assert index.read_bytes() == whole
    index.unlink()
    seal(day_path(kept.folder, TODAY))
    assert found(kept.folder, said) == said
    assert index.read_bytes() == whole


async def test_half_an_entry_shifts_none_of_those_that_follow(tmp_path):
    kept, _ = await written(tmp_path, members_=3)
    path = day_path(kept.folder, TODAY)
    with index_path(path).open("ab") as stream:
        stream.write(b"torn")
    kept.keep(NOON, b"Event: more")
    await kept.flush()
    with path.open("rb") as stream:
        heads = [(head.first, head.offset) for head in evidence_members(stream)]
    entries = Entries(index_path(path))
    assert [tuple(entries[place]) for place in range(len(entries))] == heads


async def test_what_is_purged_leaves_its_hash_and_no_index(tmp_path):
    kept = Evidence(tmp_path, "north", SaidLog(), keep_days=2, clock=lambda: (NOON + 9 * DAY) / 1_000_000)
    refs = []
    for day in range(4):
        refs.append(kept.keep(NOON + day * DAY, b"Event: one"))
        await kept.flush()
    path = day_path(kept.folder, TODAY)
    assert (find(kept.folder, refs[0]), path.exists(), index_path(path).exists()) == (None, False, False)
    assert evidence_hash(kept.folder, TODAY) == hash_path(path).read_text().split()[0]
    assert evidence_hash(kept.folder, 20261126) == ""
    assert find(kept.folder, refs[1]) == b"Event: one"


async def test_an_index_that_can_not_be_written_stops_no_evidence(tmp_path):
    kept = evidence(tmp_path)
    index_path(day_path(kept.folder, TODAY)).mkdir()
    ref = kept.keep(NOON, b"Event: one")
    await kept.flush()
    assert (kept.kept.written, kept.kept.failed) == (1, 0)
    index_path(day_path(kept.folder, TODAY)).rmdir()
    complete(day_path(kept.folder, TODAY))
    assert find(kept.folder, ref) == b"Event: one"
