"""Lines "word number … number" to rows of float32. The specification of parse_floats.cpu."""

import re
from typing import Annotated

import numpy as np

from seqkit.core.types import Array

NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
OK, SHORT, JUNK = 0, 1, 2


def parse_rows(
    data: Annotated[Array, "N"],
    starts: Annotated[Array, "T"],
    ends: Annotated[Array, "T"],
    out: Annotated[Array, "T D"],
) -> tuple[Annotated[Array, "T"], Annotated[Array, "T"]]:
    """Parse the last D fields of each line data[starts:ends] into `out`; fields stand between single spaces.

    A number is an optional sign, decimal digits with at most one point, and an optional exponent, ASCII
    alone; it is rounded as Python's float and then to float32. One trailing space is allowed.
    Returns:  where each line's word ends; each line's status: OK, SHORT (fewer than D + 1 fields) or JUNK
              (not a number).
    """
    dim = out.shape[1]
    word_ends, status = np.zeros(len(starts), np.int64), np.full(len(starts), OK, np.int8)
    text = data.tobytes()
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        line = text[start:end]
        line = line[:-1] if line.endswith(b" ") else line
        word, *fields = line.rsplit(b" ", dim)
        word_ends[i] = start + len(word)
        if len(fields) < dim:
            status[i] = SHORT
        elif not all(NUMBER.fullmatch(field) for field in fields):
            status[i] = JUNK
        else:
            with np.errstate(over="ignore"):
                out[i] = np.array([float(field) for field in fields]).astype(np.float32)
    return word_ends, status
