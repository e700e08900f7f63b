"""core.checks and core.schema: what is wrong is found at any place of any block, and told with its value."""

from typing import Any, Literal, NotRequired, TypedDict

import numpy as np
import pytest

from seqkit.core import checks, schema
from seqkit.core.errors import ModelFileError, ShapeError

EDGES = (0, 1, checks.BLOCK - 1, checks.BLOCK, checks.BLOCK + 1, 2 * checks.BLOCK, 2 * checks.BLOCK + 4)
SIZE = 2 * checks.BLOCK + 5


def told(check, *arguments, **settings):
    """What a check says against its arguments."""
    with pytest.raises((ShapeError, ModelFileError)) as error:
        check(*arguments, **settings)
    return str(error.value)


@pytest.mark.parametrize(
    ("dtypes", "shape", "expected"),
    [
        ("float64", (2, 3), "(2, 3) of float64"),
        (("float64", "int64"), (2, 3), "(2, 3) of float64 or int64"),
        ("float32", (2, 4), "(2, 4) of float32"),
        ("float32", (1000, 3), "(1,000, 3) of float32"),
        ("float32", (None, 4), "(any, 4) of float32"),
        ("float32", (2,), "(2) of float32"),
        ("float32", (None, None, None), "(any, any, any) of float32"),
        ("float64", (4, None), "(4, any) of float64"),
        ("float", (2, 3), "(2, 3) of float"),
    ],
)
def test_array_of_another_dtype_or_shape_is_told(dtypes, shape, expected):
    array = np.zeros((2, 3), np.float32)
    for good in (("float32", (2, 3)), ("float32", (None, 3)), (("int8", "float32"), (None, None))):
        checks.check_form("x", array, *good)
        assert checks.need({"x": array}, "x", *good) is array
    text = f"x: got shape (2, 3) of float32, expected {expected}."
    assert told(checks.check_form, "x", array, dtypes, shape) == text
    assert told(checks.need, {"x": array}, "x", dtypes, shape) == text
    assert told(checks.need, {"y": array}, "x", dtypes, shape) == "x: got no such array, expected one."


@pytest.mark.parametrize("wrong", [np.zeros(3, np.int16), np.zeros((3, 1), np.int32), np.zeros(3)])
def test_ids_ends_and_columns_of_another_form_are_told(wrong):
    form = f"x: got shape {wrong.shape} of {wrong.dtype}, expected (any) of "
    assert told(checks.check_ids, "x", wrong, 9) == form + "int32 or int64."
    assert told(checks.check_ends, "x", wrong, 0) == form + "int64."
    assert told(checks.check_rows, "x", wrong, np.zeros(1, int)) == form + "int32."


@pytest.mark.parametrize("place", EDGES)
@pytest.mark.parametrize("wrong", [-1, 7, 2_000_000_000])
def test_wrong_id_is_found_at_every_edge_of_a_block(place, wrong):
    for dtype in (np.int32, np.int64):
        ids = np.full(SIZE, 6, dtype)
        checks.check_ids("ids", ids, 7)
        ids[place] = wrong
        with pytest.raises(ShapeError, match=f"^ids: got {wrong:,} at place {place:,}, expected 0 to 6.$"):
            checks.check_ids("ids", ids, 7)


@pytest.mark.parametrize("place", EDGES[1:])
def test_end_before_the_one_before_is_found(place):
    ends = np.arange(SIZE) // 2 * 2  # empty rows, too
    checks.check_ends("ends", ends, SIZE - 1)
    ends[place] = before = ends[place - 1] - 1
    if place == 1:  # the first is 0, so that one is negative
        ends[1] = before = -5
    text = f"ends: got {before:,} after {ends[place - 1]:,} at place {place:,}, expected no smaller one."
    last = int(ends[-1])
    assert told(checks.check_ends, "ends", ends, last) == text


@pytest.mark.parametrize(
    ("ends", "total", "first", "text"),
    [
        ([1, 2000], 2000, 0, "got 1 at place 0, expected 0"),
        ([-1, 5], 5, 0, "got -1 at place 0, expected 0"),
        ([-1, 5], 5, None, "got -1 at place 0, expected 0"),
        ([3, 5], 5, 2000, "got 3 at place 0, expected 2,000"),
        ([], 0, 0, "got 0 at place 0, expected 0"),
        ([], 7, None, "got 0 at the end, expected 7"),
        ([0, 5], 1005, 0, "got 5 at the end, expected 1,005"),
        ([0], 1, 0, "got 0 at the end, expected 1"),
        ([0, 5, 4], 4, 0, "got 4 after 5 at place 2, expected no smaller one"),
        ([5, 3], 3, None, "got 3 after 5 at place 1, expected no smaller one"),
    ],
)
def test_ends_begin_and_end_where_they_should(ends, total, first, text):
    assert told(checks.check_ends, "x", np.array(ends, np.int64), total, first=first) == f"x: {text}."


@pytest.mark.parametrize(
    ("ends", "total", "first"),
    [([0], 0, 0), ([0, 0, 5, 5], 5, 0), ([3, 5], 5, None), ([3, 5], 5, 3), ([], 0, None)],
)
def test_ends_that_never_fall_pass(ends, total, first):
    checks.check_ends("x", np.array(ends, np.int64), total, first=first)


@pytest.mark.parametrize("place", EDGES[1:])
@pytest.mark.parametrize("upper", [False, True])
def test_column_that_does_not_rise_in_its_row_is_found(place, upper):
    columns = np.arange(SIZE, dtype=np.int32)  # one row of all columns, the others empty
    ends = np.full(SIZE + 1, SIZE)
    ends[0] = 0
    checks.check_rows("columns", columns, ends, upper=upper)
    columns[place] = columns[place - 1]
    assert told(checks.check_rows, "columns", columns, ends, upper=upper) == (
        f"columns: got {place - 1:,} after {place - 1:,} in one row at place {place:,}, expected rising ones."
    )


@pytest.mark.parametrize("length", [3, 1000, checks.BLOCK - 1, checks.BLOCK, checks.BLOCK + 1])
def test_columns_may_fall_from_a_row_to_the_next_and_not_within_one(length):
    rows = 2 * checks.BLOCK // length + 2
    columns = np.tile(np.arange(length, dtype=np.int32), rows)
    ends = np.append(np.arange(rows + 1) * length, np.full(max(length - rows, 0), rows * length))
    checks.check_rows("x", columns, ends)
    for row in (0, 1, rows - 1):
        wrong = columns.copy()
        wrong[(row + 1) * length - 1] = 0
        assert told(checks.check_rows, "x", wrong, ends).startswith(
            f"x: got 0 after {length - 2:,} in one row at place {(row + 1) * length - 1:,}, expected rising"
        )


def test_single_wrong_entry_is_found():
    assert told(checks.check_ids, "x", np.array([7]), 7) == "x: got 7 at place 0, expected 0 to 6."
    assert told(checks.check_finite, "x", np.array([np.nan])).startswith("x: got nan at place 0")
    text = "x: got 0 after 1 in one row at place 1, expected rising ones."
    assert told(checks.check_rows, "x", np.array([1, 0], np.int32), np.array([0, 2, 2])) == text


@pytest.mark.parametrize("columns", [[-1, 1, 0, 1], [0, 2, 0, 1], [0, 1, -5, 0], [0, 1, 0, 2]])
def test_columns_are_those_of_a_square_matrix(columns):
    ends = np.array([0, 2, 4])
    checks.check_rows("columns", np.array([0, 1, 0, 1], np.int32), ends)
    with pytest.raises(ShapeError, match="^columns: got .* in row [01], expected 0 to 1.$"):
        checks.check_rows("columns", np.array(columns, np.int32), ends)


def test_columns_of_an_upper_half_are_not_below_their_row():
    checks.check_rows("columns", np.array([0, 1, 1], np.int32), np.array([0, 2, 3]), upper=True)
    with pytest.raises(ShapeError, match="^columns: got 0 to 0 in row 1, expected 1 to 1.$"):
        checks.check_rows("columns", np.array([0, 1, 0], np.int32), np.array([0, 2, 3]), upper=True)


@pytest.mark.parametrize("place", EDGES)
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 0.25])
def test_number_that_is_not_finite_or_too_small_is_found(place, wrong):
    numbers = np.ones(2 * SIZE, np.float32).reshape(SIZE, 2)
    checks.check_finite("numbers", numbers, above=0.25)
    numbers[place, 1] = wrong
    text = f"numbers: got {wrong} at place {2 * place + 1:,}, expected finite numbers"
    assert told(checks.check_finite, "numbers", numbers, above=0.25) == f"{text} above 0.25."
    if wrong == 0.25:
        checks.check_finite("numbers", numbers)
    else:
        assert told(checks.check_finite, "numbers", numbers) == f"{text}."


class Part(TypedDict):
    name: str
    size: schema.Size
    share: schema.Share | None


class Whole(TypedDict):
    parts: list[Part]
    more: NotRequired[dict[str, Any]]
    kind: NotRequired[Literal["a", 1]]
    flag: NotRequired[bool | None]
    counts: NotRequired[dict[str, list[schema.Count]]]


@pytest.mark.parametrize(
    ("value", "told_of_it"),
    [
        ([], "got [], expected names with values"),
        ({}, "got nothing as parts, expected a list"),
        ({"parts": {}}, "got {} as parts, expected a list"),
        ({"parts": [3]}, "got 3 as parts.0, expected names with values"),
        ({"parts": [{"size": 1, "share": None}]}, "got nothing as parts.0.name, expected a text"),
        ({"parts": [{}]}, "got nothing as parts.0.name, expected a text"),
        ({"parts": [{"name": "a"}]}, "got nothing as parts.0.share, expected a finite number or null"),
        ({"parts": [{"name": "a", "share": 0}]}, "got nothing as parts.0.size, expected a whole number"),
        ({"parts": [{"name": 3, "size": 1, "share": None}]}, "got 3 as parts.0.name, expected a text"),
        (
            {"parts": [{"name": "a", "size": True, "share": None}]},
            "got True as parts.0.size, expected a whole number of at least 1",
        ),
        (
            {"parts": [{"name": "a", "size": 0, "share": None}]},
            "got 0 as parts.0.size, expected a whole number of at least 1",
        ),
        (
            {"parts": [{"name": "a", "size": 1.0, "share": None}]},
            "got 1.0 as parts.0.size, expected a whole number of at least 1",
        ),
        (
            {"parts": [{"name": "a", "size": 1, "share": 2}]},
            "got 2 as parts.0.share, expected a finite number or null",
        ),
        (
            {"parts": [{"name": "a", "size": 1, "share": -0.1}]},
            "got -0.1 as parts.0.share, expected a finite number or null",
        ),
        (
            {"parts": [{"name": "a", "size": 1, "share": float("nan")}]},
            "got nan as parts.0.share, expected a finite number or null",
        ),
        (
            {"parts": [{"name": "a", "size": 1, "share": True}]},
            "got True as parts.0.share, expected a finite number or null",
        ),
        ({"parts": [], "more": []}, "got [] as more, expected names with values"),
        ({"parts": [], "kind": "b"}, "got 'b' as kind, expected one of a, 1"),
        ({"parts": [], "kind": True}, "got True as kind, expected one of a, 1"),
        ({"parts": [], "flag": 1}, "got 1 as flag, expected true or false or null"),
        ({"parts": [], "flag": "x" * 99}, "got 'xxxxxxxxxxxx...xxxxxxxxxxxxx' as flag, expected true or"),
        (
            {"parts": [], "counts": {"a": [0, 4, -1]}},
            "got -1 as counts.a.2, expected a whole number of at least 0",
        ),
        ({"parts": [], "counts": {"a": 3}}, "got 3 as counts.a, expected a list"),
    ],
)
def test_value_of_another_type_is_told_with_its_place(value, told_of_it):
    good = {"parts": [{"name": "a", "size": 1, "share": 1}, {"name": "b", "size": 9, "share": None}]}
    more = {"more": {"x": object()}, "kind": 1, "flag": None, "counts": {"a": [], "b": [0, 9]}, "un": "known"}
    for whole in (good, good | more, good | {"flag": True, "kind": "a"}):
        assert schema.check("x", whole, Whole) is whole
    text = told(schema.check, "x", value, Whole)
    assert text.startswith(f"x: {told_of_it}")
    assert text.endswith(". The file was damaged or edited; restore it from a copy.")


def test_bounds_and_missing_names_are_those_of_a_type_seen_for_the_first_time():
    class Fresh(TypedDict):
        size: schema.Size
        more: NotRequired[schema.Count]
        other: NotRequired[Any]

    for good in ({"size": 1}, {"size": 1, "other": ()}):
        assert schema.check("x", good, Fresh) is good
    assert "expected a whole number of at least 1." in told(schema.check, "x", {"size": 0}, Fresh)
    assert "expected a whole number of at least 0." in told(schema.check, "x", {"size": 1, "more": -1}, Fresh)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (schema.Share, "a finite number of 0 to 1"),
        (float, "a finite number"),
        (dict[str, int], "names with values"),
        (dict, "names with values"),
        (list, "a list"),
        (list[int], "a list"),
        (bytes, "a value"),
        (int | str | None, "a whole number or a text or null"),
    ],
)
def test_type_is_told_in_words(kind, words):
    assert f"expected {words}. " in told(schema.check, "x", (), kind)
