"""seqkit's own format: a folder with safetensors and JSON; any word, exact, checksummed, memory-mapped.

Vectors of fp16 and int8 (see embeddings.vectors.quantisation) are read into float32 when they are opened.
Not handled: n-grams of SubwordVectors when only the first rows are read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError, ShapeError
from seqkit.core.types import Array
from seqkit.embeddings.vectors import quantisation
from seqkit.embeddings.vectors.contents import Contents
from seqkit.embeddings.vectors.files import Reading
from seqkit.embeddings.vectors.ngrams import NgramTable
from seqkit.embeddings.vectors.subword import SubwordContents
from seqkit.text.vocab import Vocab

__all__ = ["Native"]

TABLE = "table."  # prefix of the names of the arrays of an n-gram table


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
        arrays, meta = files.load(path, "vectors")
        try:
            contents = Contents(Vocab.from_arrays(arrays, {}), quantisation.decode(arrays))
            if "subwords" in meta:
                parts = {name.removeprefix(TABLE): a for name, a in arrays.items() if name.startswith(TABLE)}
                ngrams = NgramTable(quantisation.decode(parts), **meta["subwords"])
                contents = SubwordContents(contents.vocab, contents.matrix, ngrams)
        except (KeyError, ShapeError, FormatError) as error:
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
