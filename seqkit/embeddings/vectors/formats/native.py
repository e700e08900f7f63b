"""seqkit's own format: a folder with safetensors and JSON; any word, exact, checksummed, opened without
reading.

Vectors of fp16 and int8 (see seqkit.embeddings.vectors.quantisation) are read into float32 when they are
opened. Not handled: n-grams of SubwordVectors when only the first rows are read.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError, ShapeError
from seqkit.core.types import Array
from seqkit.embeddings.vectors import quantisation
from seqkit.embeddings.vectors.files import Reading
from seqkit.embeddings.vectors.subword import SubwordVectors
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab

__all__ = ["Native"]

TABLE = "table."  # before the names of the arrays of a SubwordVectors' table


class Native:
    """Reads and writes seqkit's own folders."""

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Never by the bytes of a file: it is a folder."""
        return False

    @staticmethod
    def load(path: Path, reading: Reading) -> Vectors:
        """Open a folder; rows are read when they are used, if they are float32."""
        arrays, meta = files.load(path, "vectors")
        try:
            vectors = Vectors(Vocab.from_arrays(arrays, {}), quantisation.decode(arrays))
            if "subwords" in meta:
                table = {
                    name.removeprefix(TABLE): array
                    for name, array in arrays.items()
                    if name.startswith(TABLE)
                }
                vectors = SubwordVectors(
                    vectors.vocab, quantisation.decode(table), **meta["subwords"], matrix=vectors.matrix
                )
        except (KeyError, ShapeError, FormatError) as error:
            raise ModelFileError(f"{path}: the vectors are not whole ({error}).") from error
        return vectors if reading.limit is None else vectors.restrict(reading.limit)

    @staticmethod
    def save(vectors: Vectors, path: Path, *, dtype: str = "float32") -> None:
        """Write a folder; SubwordVectors with their table.  dtype: float32, fp16 or int8."""
        arrays, meta = quantisation.encode(vectors.matrix, dtype), {}
        if isinstance(vectors, SubwordVectors):
            arrays |= {
                TABLE + name: array for name, array in quantisation.encode(vectors.table, dtype).items()
            }
            meta = {"subwords": {"min_n": vectors.min_n, "max_n": vectors.max_n, "buckets": vectors.buckets}}
        Native.write(path, vectors.vocab.to_arrays(), arrays, dtype, meta)

    @staticmethod
    def write(
        path: Path,
        vocab: Mapping[str, Array],
        arrays: Mapping[str, Array | files.Streamed],
        dtype: str = "float32",
        meta: Mapping[str, Any] = {},
    ) -> None:
        """Write a vocabulary's arrays and what `quantisation.encode` gives, or a matrix that comes in
        blocks.
        """
        words, dim = arrays["matrix"].shape
        files.save(path, "vectors", {**arrays, **vocab}, {"words": words, "dim": dim, "dtype": dtype, **meta})
