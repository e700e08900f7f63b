"""seqkit's own format: a folder with safetensors and JSON; any word, exact, checksummed, opened without reading.

Vectors of fp16 and int8 (see seqkit.embeddings.quantisation) are read into float32 when they are opened.
"""

from pathlib import Path

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError, ShapeError
from seqkit.embeddings import quantisation
from seqkit.embeddings.files import Reading
from seqkit.embeddings.vectors import Vectors
from seqkit.text.vocab import Vocab

__all__ = ["Native"]


class Native:
    """Reads and writes seqkit's own folders."""

    @staticmethod
    def matches(head: bytes, path: Path) -> bool:
        """Never by the bytes of a file: it is a folder."""
        return False

    @staticmethod
    def load(path: Path, reading: Reading) -> Vectors:
        """Open a folder; rows are read when they are used, if they are float32."""
        arrays, _ = files.load(path, "vectors")
        try:
            vectors = Vectors(Vocab.from_arrays(arrays, {}), quantisation.decode(arrays))
        except (KeyError, ShapeError, FormatError) as error:
            raise ModelFileError(f"{path}: the vectors are not whole ({error}).") from error
        return vectors if reading.limit is None else vectors.restrict(reading.limit)

    @staticmethod
    def save(vectors: Vectors, path: Path, *, dtype: str = "float32") -> None:
        """Write a folder.  dtype: float32, fp16 or int8."""
        arrays = {**quantisation.encode(vectors.matrix, dtype), **vectors.vocab.to_arrays()}
        files.save(path, "vectors", arrays, {"words": len(vectors), "dim": vectors.dim, "dtype": dtype})
