"""Vectors in fewer bytes: fp16, or int8 with a scale for each row.

    fp16   x̂ = x rounded to 11 binary digits                    half the bytes
    int8   x̂ = s c,  s = max |x| / 127,  c = round(x / s)       a quarter, and 4 bytes a row

Not handled: arithmetic in fewer bytes, as reading gives float32; what is lost (testsets.compression).
"""

from typing import Annotated, Any

import numpy as np

from seqkit.core.errors import FormatError, OptionError, did_you_mean
from seqkit.core.types import Arrays, Floats

DTYPES: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "fp16": np.dtype("<f2"),
    "int8": np.dtype("i1"),
}
ROWS = 1 << 16  # rows that are in float32 at once beside the result


def encode(matrix: Annotated[Floats, "V D"], to: str) -> Arrays:
    """The arrays "matrix" and, for int8, "scales", that stand for a matrix.

    Raises:  OptionError for an unknown kind; FormatError for a number that fp16 cannot hold, or one that is
             not finite.
    """
    if to not in DTYPES:
        raise OptionError(
            f"quantise: got {to!r}, expected one of {', '.join(DTYPES)}.{did_you_mean(to, DTYPES)}"
        )
    if to == "float32":
        return {"matrix": matrix}
    codes = np.empty(matrix.shape, DTYPES[to])
    scales = np.zeros(len(matrix), np.float32)
    for start in range(0, len(matrix), ROWS):
        block = np.asarray(matrix[start : start + ROWS])
        high = np.abs(block).max(1, initial=0)
        if not np.isfinite(high).all() or (to == "fp16" and (high > 65504).any()):
            raise FormatError(
                f"quantise: {float(high.max()):g} is a number that {to} cannot hold. Use int8, or scale the "
                "vectors."
            )
        if to == "fp16":
            codes[start : start + ROWS] = block
            continue
        scale = (high / np.float32(127)).astype(np.float32)
        scales[start : start + ROWS] = scale
        wide = np.where(scale > 0, scale, 1)[:, None].astype(np.float64)
        codes[start : start + ROWS] = np.clip(np.rint(block / wide), -127, 127)
    return {"matrix": codes} if to == "fp16" else {"matrix": codes, "scales": scales}


def decode(arrays: Arrays) -> Annotated[Floats, "V D"]:
    """The float32 matrix that arrays stand for; one of float32 as it is, memory-mapped if it was.

    Raises:  FormatError if they are not what `encode` gives.
    """
    codes, scales = arrays["matrix"], arrays.get("scales")
    if (
        codes.ndim != 2
        or codes.dtype not in DTYPES.values()
        or (scales is not None) != (codes.dtype == DTYPES["int8"])
    ):
        raise FormatError(
            f"a matrix of shape {codes.shape} and {codes.dtype}, "
            f"{'with' if scales is not None else 'without'} scales"
        )
    if codes.dtype == DTYPES["float32"]:
        return codes
    found: Floats = codes.astype(np.float32)
    if scales is not None:
        whole = scales.shape == (len(codes),) and scales.dtype == np.float32
        if not whole or not (np.isfinite(scales) & (scales >= 0)).all() or (codes == -128).any():
            raise FormatError(
                f"scales of shape {scales.shape} and {scales.dtype}, or numbers in them, that int8 does "
                "not give"
            )
        with np.errstate(over="ignore"):  # reported below
            found *= scales[:, None]
    if not np.isfinite(found).all():
        raise FormatError("numbers that are not finite")
    return found
