"""core.checks and core.schema: what is wrong is found at any place of any block, and told with its value."""

from typing import Any, NotRequired, TypedDict

import numpy as np
import pytest

from seqkit.core import checks, schema
from seqkit.core.errors import ModelFileError, ShapeError

EDGES = (0, 1, checks.BLOCK - 1, checks.BLOCK, checks.BLOCK + 1, 2 * checks.BLOCK, 2 * checks.BLOCK + 4)
SIZE = 2 * checks.BLOCK + 5


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
    ends = np.arange(SIZE) * 2
    checks.check_ends("ends", ends, int(ends[-1]))
    ends[place] = ends[place - 1] - 1
    with pytest.raises(ShapeError, match="^ends: got "):
        checks.check_ends("ends", ends, 2 * SIZE - 2)


@pytest.mark.parametrize("place", EDGES[1:])
@pytest.mark.parametrize("upper", [False, True])
def test_column_that_does_not_rise_in_its_row_is_found(place, upper):
    columns = np.arange(SIZE, dtype=np.int32)  # one row of all columns, the others empty
    ends = np.full(SIZE + 1, SIZE)
    ends[0] = 0
    checks.check_rows("columns", columns, ends, upper=upper)
    columns[place] = columns[place - 1]
    with pytest.raises(
        ShapeError, match=f"after {place - 1:,} in one row at place {place:,}, expected rising"
    ):
        checks.check_rows("columns", columns, ends, upper=upper)


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
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 0.0])
def test_number_that_is_not_finite_or_too_small_is_found(place, wrong):
    numbers = np.ones(SIZE, np.float32)
    checks.check_finite("numbers", numbers, above=0.0)
    numbers[place] = wrong
    with pytest.raises(ShapeError, match=f"^numbers: got {wrong} at place {place:,}, expected finite"):
        checks.check_finite("numbers", numbers, above=0.0)


class Part(TypedDict):
    name: str
    size: schema.Size
    share: schema.Share | None


class Whole(TypedDict):
    parts: list[Part]
    more: NotRequired[dict[str, Any]]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([], "got \\[\\], expected names with values"),
        ({}, "got nothing as parts, expected a list"),
        ({"parts": {}}, "got {} as parts, expected a list"),
        ({"parts": [3]}, "got 3 as parts.0, expected names with values"),
        ({"parts": [{"name": 3, "size": 1, "share": None}]}, "got 3 as parts.0.name, expected a text"),
        (
            {"parts": [{"name": "a", "size": True, "share": None}]},
            "got True as parts.0.size, expected a whole",
        ),
        (
            {"parts": [{"name": "a", "size": 0, "share": None}]},
            "got 0 as parts.0.size, expected .* at least 1",
        ),
        ({"parts": [{"name": "a", "size": 1.0, "share": None}]}, "got 1.0 as parts.0.size"),
        ({"parts": [{"name": "a", "size": 1, "share": 2}]}, "got 2 as parts.0.share, expected a finite"),
        ({"parts": [{"name": "a", "size": 1, "share": float("nan")}]}, "got nan as parts.0.share"),
        ({"parts": [], "more": []}, "got \\[\\] as more, expected names with values"),
    ],
)
def test_value_of_another_type_is_told_with_its_place(value, told):
    good = {"parts": [{"name": "a", "size": 1, "share": 1}, {"name": "b", "size": 9, "share": None}]}
    assert schema.check("x", good, Whole) is good
    with pytest.raises(ModelFileError, match=f"^x: {told}"):
        schema.check("x", value, Whole)
