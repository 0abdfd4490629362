"""CSV as people and other systems write it: each fault is said with the line on which it begins, and where it can be,
the column; of every kind of file in the same way."""

from pathlib import Path

import pytest

from ccd.errors import Fault, ImportFaultsError
from ccd.org.csv_faults import Header, Row, decoded, file_text, rows, written

HEADER = Header(("agent", "unit"), ("note",), lines_max=3)
FILE = Path("a.csv")
NAMES = "a.csv:1: the header has to be agent,unit, and note may follow"


def read(text: str) -> tuple[list[tuple[int, Row]], list[str]]:
    faults: list[Fault] = []
    found = list(rows(text, FILE, HEADER, faults))
    return found, [str(fault) for fault in faults]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them_and_a_byte_order_mark_is_no_name(end: str) -> None:
    text = end.join(("\ufeffagent , unit,note", "1001, 一班 ,", "", '1002,team-1,"a ""b"", c"'))
    assert read(text) == (
        [
            (2, {"agent": "1001", "unit": "一班", "note": ""}),
            (4, {"agent": "1002", "unit": "team-1", "note": 'a "b", c'}),
        ],
        [],
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", f"{NAMES}; found nothing"),
        ("agent;unit\n1;2\n", f"{NAMES}; found agent;unit, with ';' between its columns: it has to be a comma"),
        ("agent\tunit\n", f"{NAMES}; found agent\tunit, with '\\t' between its columns: it has to be a comma"),
        ("agent,unit,agent\n", f"{NAMES}; found agent,unit,agent"),
        ('"agent,unit\n1,2\n', "a.csv:1: is not CSV: unexpected end of data"),
        ("agent,unit\n1,2\n1,2,3\n", "a.csv:3: has 3 columns, the header 2; put what holds a comma in double quotes"),
        ('agent,unit\n1,"a\nb"\n2,"c\nd\n', "a.csv:4: is not CSV: unexpected end of data"),
        ('agent,unit\n\n1,"a"b\n', "a.csv:3: is not CSV: ',' expected after '\"'"),
        ("agent,unit\n1,a\0\n", "a.csv:2: unit: has a NUL in it, which no database takes for text"),
        ("agent,unit\n" + "1,2\n" * 4, "a.csv:5: is line 4 of at most 3"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_begins(text: str, said: str) -> None:
    assert read(text)[1] == [said]


def test_a_line_over_several_lines_is_where_it_begins() -> None:
    assert [line for line, _ in read('agent,unit,note\n1,a,"x\ny"\n2,b\n')[0]] == [2, 4]


def test_what_is_no_utf_8_is_said_with_its_line(tmp_path: Path) -> None:
    text = "agent,unit\n1001,team-1\n1002,一班\n"
    assert decoded(text.encode(), FILE, ImportFaultsError) == text
    for encoding, line in (("gb18030", 3), ("utf-16", 1)):
        (tmp_path / "a.csv").write_bytes(text.encode(encoding))
        with pytest.raises(
            ImportFaultsError, match=rf"a.csv:{line}: is not UTF-8 \(byte \d+ of the file\); save it as"
        ):
            file_text(tmp_path / "a.csv", ImportFaultsError)


def test_what_is_written_is_read_again_as_it_was() -> None:
    cells = ['a "b"', "c, d", "e\nf", "", "一"]
    text = written([("agent", "unit"), *((cell, "x") for cell in cells if cell)])
    faults: list[Fault] = []
    found = rows(text, FILE, HEADER._replace(lines_max=9), faults)
    assert ([row["agent"] for _, row in found], faults) == ([cell for cell in cells if cell], [])
