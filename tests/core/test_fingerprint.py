"""core.fingerprint: equal data give equal hashes in every process, other data others."""

import hashlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import numpy as np
import pytest

from seqkit.core.fingerprint import fingerprint

MATRIX = np.arange(12, dtype=np.float32).reshape(3, 4)
VECTORS = SimpleNamespace(vocab=SimpleNamespace(tokens=["a", "b", "c"]), matrix=MATRIX)
VALUES = [
    "text",
    b"bytes",
    3,
    0.1,
    None,
    True,
    np.float32(2),
    MATRIX,
    MATRIX[:, ::2],
    np.zeros(0),
    ["a"] * 5000 + [1],
    [["a", "b"], ("c", None)],
    {"a": [1, 2], "b": MATRIX},
    SimpleNamespace(fingerprint="own"),
]


def plain(value):
    """The rule, value by value."""
    if hasattr(value, "fingerprint"):
        yield str(value.fingerprint).encode()
    elif isinstance(value, np.ndarray):
        yield value.tobytes()
    elif isinstance(value, Mapping):
        yield from plain(list(value.items()))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield f"{len(value)}".encode()
        for one in value:
            yield from plain(one)
    else:
        yield (value if isinstance(value, str) else repr(value)).encode()


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_hash_is_that_of_the_rule_value_by_value(value):
    digest = hashlib.sha256()
    for piece in plain(value):
        digest.update(len(piece).to_bytes(8, "little") + piece)
    assert fingerprint(value) == digest.hexdigest()[:16]


def test_different_data_have_different_hashes():
    more = [
        ["ab"],
        ["a", "b"],
        MATRIX + 1,
        {"b": MATRIX, "a": [1, 2]},
        VECTORS,
        np.array(["a", None], object),
    ]
    assert len({fingerprint(value) for value in VALUES + more}) == len(VALUES + more)
    assert fingerprint("a", "b") != fingerprint("ab")


def test_word_vectors_are_hashed_by_tokens_and_matrix_and_methods_are_called():
    other = SimpleNamespace(vocab=SimpleNamespace(tokens=["a", "b", "d"]), matrix=MATRIX)
    assert fingerprint(VECTORS) == fingerprint([["a", "b", "c"], MATRIX]) != fingerprint(other)
    assert fingerprint(SimpleNamespace(fingerprint=lambda: "own")) == fingerprint("own")


def test_sets_and_objects_without_a_text_of_their_own_are_the_same_in_another_process():
    code = (
        "from seqkit.core.fingerprint import fingerprint\nclass Own:\n    def __init__(self): self.x = 1\n"
        "print(fingerprint({'a', 'b', 'c', 'd'}, Own()))"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout
