"""seqkit's own format: a folder with safetensors and JSON; any word, exact, checksummed, memory-mapped.

Vectors of fp16 and int8 (see embeddings.vectors.quantisation) are read into float32 when they are opened.
Not handled: n-grams of SubwordVectors when only the first rows are read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, NotRequired, TypedDict

from seqkit.core import files
from seqkit.core.checks import need
from seqkit.core.errors import FormatError, ModelFileError, ShapeError
from seqkit.core.schema import Count, known
from seqkit.core.types import Array, Arrays, Floats, part
from seqkit.embeddings.vectors import quantisation
from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.files import Reading
from seqkit.embeddings.vectors.ngrams import NgramTable
from seqkit.embeddings.vectors.subword import SubwordContents
from seqkit.text.vocab import Vocab

__all__ = ["Native"]

TABLE = "table."  # prefix of the names of the arrays of an n-gram table


class _Subwords(TypedDict):
    min_n: Count
    max_n: Count
    buckets: Count


class _Meta(TypedDict):
    words: Count
    dim: Count
    dtype: Literal["float32", "fp16", "int8"]
    subwords: NotRequired[_Subwords]


class Native:
    """Reads and writes seqkit's own folders."""

    priority: ClassVar = 0

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Whether it is a folder."""
        return path.is_dir()

    @staticmethod
    def load(path: Path, reading: Reading) -> Contents:
        """Open a folder; float32 rows are read when they are used."""
        arrays, meta = files.load(path, "vectors", _Meta)
        try:
            vocab = Vocab.from_arrays(arrays, {})
            contents = Contents(vocab, _matrix(arrays, (meta["words"], meta["dim"]), meta["dtype"]))
            if "subwords" not in meta and part(arrays, TABLE):
                raise ShapeError(f"got {TABLE}matrix, expected settings of its n-grams beside it")
            if (own := meta.get("subwords")) is not None:
                if own["min_n"] > own["max_n"] > 0:
                    raise ShapeError(f"got n-grams of {own['min_n']} to {own['max_n']} characters")
                shape = (len(vocab) + own["buckets"], meta["dim"])
                ngrams = NgramTable(
                    _matrix(part(arrays, TABLE), shape, meta["dtype"]), **known(own, _Subwords)
                )
                contents = SubwordContents(vocab, contents.matrix, ngrams)
        except (ShapeError, FormatError) as error:
            raise ModelFileError(f"{path}: the vectors are not whole ({error}).") from error
        return contents if reading.limit is None else contents.first(reading.limit)

    @staticmethod
    def save(contents: Contents, path: Path, *, dtype: str = "float32") -> None:
        """Write a folder, n-grams included.  dtype: float32, fp16 or int8."""
        arrays, meta = quantisation.encode(contents.matrix, dtype), {}
        if isinstance(contents, SubwordContents):
            ngrams = contents.ngrams
            table = quantisation.encode(ngrams.table, dtype)
            arrays |= {TABLE + name: array for name, array in table.items()}
            meta = {"subwords": {"min_n": ngrams.min_n, "max_n": ngrams.max_n, "buckets": ngrams.buckets}}
        Native.write(path, contents.vocab.to_arrays(), arrays, dtype, meta)

    @staticmethod
    def write(
        path: Path,
        vocab: Mapping[str, Array],
        arrays: Mapping[str, Array | files.Streamed],
        dtype: str = "float32",
        meta: Mapping[str, Any] = {},
    ) -> None:
        """Write a vocabulary's arrays and those of `quantisation.encode`, or a matrix streamed in blocks."""
        words, dim = arrays["matrix"].shape
        files.save(path, "vectors", {**arrays, **vocab}, {"words": words, "dim": dim, "dtype": dtype, **meta})


def _matrix(arrays: Arrays, shape: tuple[int, int], dtype: str) -> Floats:
    """The rows that arrays stand for; numbers of another dtype than float32 are read, and checked, now."""
    codes = need(arrays, "matrix", str(quantisation.DTYPES[dtype]), shape)
    for array in () if dtype == "float32" else arrays.values():
        files.check(array)
    return quantisation.decode({"matrix": codes} | {n: a for n, a in arrays.items() if n == "scales"})
