"""A map of words as one HTML file that needs no network: zoom, pan, search, neighbours on a click.

All numbers lie in the page, compressed (zlib) and in base64: places as 16 bits of each direction's range; a
neighbour as the way to it along a Z-order curve over the map (Morton 1966), which is short where neighbours
stand together. Not handled: three directions; browsers before 2023, which lack DecompressionStream.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from seqkit.core import files
from seqkit.core.errors import ShapeError
from seqkit.core.types import Array
from seqkit.report.map import COLOURS, check_map
from seqkit.report.pages.out import source, template

BYTES = 30  # a word; a page of 50,000 words has 1.5 MB at most


def page(
    path: Path | str,
    places: Annotated[Array, "N C"],
    labels: Sequence[str],
    neighbours: Annotated[Array, "N K"],
    groups: Sequence[str] | None = None,
    *,
    title: str = "",
    caption: str = "",
    axes: Sequence[str] = (),
) -> int:
    """Write the page; return how many neighbours of each word it holds.

    neighbours: label numbers, nearest first. All K are kept up to 50,000 labels if they fit into 1.5 MB, 30
    bytes a label beyond; else as many of the nearest as fit.
    Raises:  ShapeError if sizes differ or a place is not finite; OptionError without jinja2.
    """
    check_map(places, labels, groups)
    _check_neighbours(neighbours, len(labels))
    page = template("map", Path(path), "map.html")
    script, digest = _script()
    low, high = places.min(0), places.max(0)
    grid = np.round((places - low) / np.where(high > low, high - low, 1) * 65535).astype(np.uint16)
    data = {
        "labels": _pack(json.dumps(list(labels), ensure_ascii=False).encode("utf-8", "replace")),
        "places": _pack(_planes(grid[:, 0], 2) + _planes(grid[:, 1], 2)),
        "low": low.tolist(),
        "high": high.tolist(),
        **_grouping(groups or [""] * len(labels)),
        "axes": list(axes),
        "neighbours": [],
    }

    def made() -> bytes:
        text = json.dumps(data).replace("<", "\\u003c")  # no </script> within
        return page.render(title=title, caption=caption, data=text, script=script, digest=digest).encode()

    room = BYTES * max(len(labels), 50_000) - len(made())
    for ways in _ways(grid, neighbours):
        packed = _pack(_planes(ways, 3))
        room -= len(packed) + 4
        if room < 0:
            break
        data["neighbours"].append(packed)
    with files.write_atomic(Path(path)) as file:
        file.write(made())
    return len(data["neighbours"])


def _script() -> tuple[str, str]:
    """The script of the page, and the hash by which a browser runs it alone."""
    script = "\n" + source("map.js")
    return script, base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _check_neighbours(neighbours: Annotated[Array, "N K"], count: int) -> None:
    inside = not neighbours.size or 0 <= neighbours.min() <= neighbours.max() < count
    if len(neighbours) != count or not inside:
        raise ShapeError(
            f"map: got neighbours of shape {neighbours.shape}, expected one row for each label, of numbers "
            f"below {count:,}."
        )


def _grouping(groups: Sequence[str]) -> dict[str, Any]:
    """The names of the groups, the number of each label's group, and the colours."""
    names = list(dict.fromkeys(groups))
    numbers = np.array([names.index(group) for group in groups], np.uint16)
    return {"groups": names, "group": _pack(_planes(numbers, 2)), "colours": COLOURS}


def _ways(grid: Annotated[Array, "N C"], neighbours: Annotated[Array, "N K"]) -> Annotated[Array, "K N"]:
    """Steps along the Z-order curve from labels to their neighbours; 0, -1, 1, -2 are coded as 0, 1, 2, 3."""
    code = np.zeros(len(grid), np.uint64)
    for bit in range(16):
        for axis in (0, 1):
            code |= ((grid[:, axis].astype(np.uint64) >> np.uint64(bit)) & np.uint64(1)) << np.uint64(
                2 * bit + axis
            )
    rank = np.empty(len(grid), np.int64)
    rank[np.argsort(code, kind="stable")] = np.arange(len(grid))
    steps = rank[neighbours].T - rank
    return np.where(steps < 0, -2 * steps - 1, 2 * steps)


def _planes(numbers: Annotated[Array, "N"], size: int) -> bytes:
    """The numbers' low bytes, then their next bytes, ...: high bytes side by side compress well."""
    return np.ascontiguousarray(numbers.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :size].T).tobytes()


def _pack(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode()
