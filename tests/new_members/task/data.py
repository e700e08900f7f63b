"""Rated texts in files: a number, a tab, the text. File: seqkit/models/rater/data.py."""

from typing import Any

from seqkit.core.errors import FormatError
from seqkit.text.readers.text import lines
from seqkit.train.data import Data


def read(source: str, *, valid: str | None = None) -> Data:
    """Texts with numbers, and those to validate on."""
    found, held = rated(source), None if valid is None else rated(valid)

    def after(model: Any, made: Any) -> dict[str, Any]:
        return {"parameters": model.num_parameters}

    return Data(found, "texts", {"valid": held}, {"data": {"source": source, "texts": len(found[0])}}, after)


def rated(source: str) -> tuple[list[str], list[float]]:
    """The texts of a file and their numbers.  Raises:  FormatError, with the line, for one without a number."""
    texts, numbers = [], []
    for number, line in enumerate(lines(source), 1):
        value, _, text = line.partition("\t")
        try:
            numbers.append(float(value))
        except ValueError as error:
            raise FormatError(f"{source}: line {number:,}: got {value!r}, expected a number.") from error
        texts.append(text)
    return texts, numbers
