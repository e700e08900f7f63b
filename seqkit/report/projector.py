"""Vectors for the TensorBoard projector, which reads two files: numbers, and a label for each row."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from seqkit.core.errors import FormatError, ShapeError
from seqkit.core.files import write_atomic
from seqkit.core.types import Floats


def projector(
    path: Path | str,
    matrix: Annotated[Floats, "N D"],
    labels: Sequence[str],
    groups: Sequence[str] | None = None,
) -> tuple[Path, Path]:
    """Write NAME.vectors.tsv and NAME.metadata.tsv for a path NAME.tsv, and return both.

    The metadata has a head line only if there are groups: the projector takes the head of a single column for
    a label.
    Raises:  ShapeError if sizes differ; FormatError for a label that holds a tab or a line end, or nothing.
    """
    path = Path(path)
    if not len(labels) == len(matrix) == len(labels if groups is None else groups):
        raise ShapeError(
            f"projector: got {len(matrix):,} rows and {len(labels):,} labels, expected as many of each, and "
            "as many groups or none."
        )
    for text in [*labels, *(groups or ())]:
        if not text.strip() or any(mark in text for mark in "\t\n\r"):
            raise FormatError(
                f"projector: the label {text!r} is empty or has a tab or line end, which TSV cannot hold. "
                "Leave it out."
            )
    rows = (
        labels
        if groups is None
        else ["word\tgroup", *(f"{a}\t{b}" for a, b in zip(labels, groups, strict=True))]
    )
    numbers, names = path.with_suffix(".vectors.tsv"), path.with_suffix(".metadata.tsv")
    with write_atomic(numbers) as file:
        for row in matrix:
            file.write(
                ("\t".join(map(str, row)) + "\n").encode()
            )  # str of a float32: shortest that round-trips
    with write_atomic(names) as file:
        file.write("".join(f"{row}\n" for row in rows).encode())
    return numbers, names
