"""One hash of any data: what a resumed run or a search must find unchanged."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np


def fingerprint(*values: Any) -> str:
    """A hash of data: of the fingerprint of what has one, else of all numbers and texts in it."""
    digest = hashlib.sha256()
    for value in values:
        for piece in _pieces(value):
            digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()[:16]


def _pieces(value: Any) -> Iterator[bytes]:
    if hasattr(value, "fingerprint"):
        found = value.fingerprint
        yield str(found() if callable(found) else found).encode()
    elif isinstance(value, np.ndarray):
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, Mapping):
        yield from _pieces(list(value.items()))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield f"{len(value)}".encode()
        for one in value:
            yield from _pieces(one)
    elif hasattr(value, "matrix"):  # Vectors
        yield from _pieces([value.vocab.tokens, np.asarray(value.matrix)])
    else:
        yield (value if isinstance(value, str) else repr(value)).encode()
