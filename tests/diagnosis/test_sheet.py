"""The sheet of errors: written, filled by hand, read back as shares; what a spreadsheet would run is not left in it."""

import csv
import re

import pytest

from seqkit.core.errors import FormatError, OptionError
from seqkit.diagnosis.sheet import FIELDS, read_sheet, write_sheet

ROWS = [
    {"row": i, "text": text, "label": "1", "predicted": "0", "probability": 0.9, "suspected": ""}
    for i, text in enumerate(["=SUM(A1)", "not bad, not good", "as 'they' said\n", "fine", "never dull"], 1)
]


def fill(path, marks):
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    for number, column, mark in marks:
        rows[number][rows[0].index(column)] = mark
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def test_marks_become_shares_and_what_solving_a_category_leaves(tmp_path):
    path = tmp_path / "sheet.csv"
    assert write_sheet(ROWS, path, categories=["negation", "irony"]) == 5
    assert path.read_bytes().startswith(b"\xef\xbb\xbf" + ",".join(FIELDS).encode())
    fill(
        path,
        [
            (1, "negation", "x"),
            (2, "negation", "Yes"),
            (2, "irony", "1"),
            (3, "irony", "0"),
            (4, "comment", "no idea"),
        ],
    )
    found = read_sheet(path)
    assert [(s.name, s.value, s.count, s.missing) for s in found.shares] == [
        ("negation", pytest.approx(2 / 3), 3, 2),
        ("irony", pytest.approx(1 / 3), 3, 2),
    ]
    assert found.comments == {"4": "no idea"}
    assert [row["ceiling"] for row in found.table(0.3)] == pytest.approx([0.1, 0.2])
    assert found.shares[0].interval[0] <= 2 / 3 <= found.shares[0].interval[1]


def test_columns_added_by_hand_and_semicolons_are_read(tmp_path):
    path = tmp_path / "sheet.csv"
    path.write_text(
        ";".join([*(name for name in FIELDS if name != "where"), "slang", "comment"])
        + "\n1;text, with commas;1;0;0.9;;x;\n2;b;1;0;0.9;;;seen\n"
    )
    found = read_sheet(path)
    assert [(s.name, s.value, s.count) for s in found.shares] == [("slang", 0.5, 2)]


def test_cells_that_a_spreadsheet_would_run_are_kept_from_it(tmp_path):
    path = tmp_path / "sheet.csv"
    write_sheet(ROWS, path)
    assert "'=SUM(A1)" in path.read_text(encoding="utf-8")
    assert not re.search(r"(^|,)\"?[=+@]", path.read_text(encoding="utf-8-sig"), re.MULTILINE)


def test_bad_sheets_are_told_by_file_line_and_column(tmp_path):
    path = tmp_path / "sheet.csv"
    with pytest.raises(FormatError, match="there is no error to look at"):
        write_sheet([], path)
    for bad in (["text"], ["a", "a"], [" "]):
        with pytest.raises(OptionError, match="Choose another name"):
            write_sheet(ROWS, path, categories=bad)
    assert not path.exists()
    with pytest.raises(FormatError, match=r"sheet.csv: no such file"):
        read_sheet(path)
    write_sheet(ROWS, path)
    with pytest.raises(FormatError, match="no row has a mark or a comment"):
        read_sheet(path)
    fill(path, [(2, "other", "perhaps")])
    with pytest.raises(FormatError, match=r"line 3, column 'other': got 'perhaps', expected x, 1 or yes"):
        read_sheet(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(FormatError, match=r"no column 'row'"):
        read_sheet(path)
    path.write_bytes(b"row,text\n\xff\n")
    with pytest.raises(FormatError, match="Save the sheet as CSV"):
        read_sheet(path)
