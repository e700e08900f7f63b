"""seqkit's own format: a folder with safetensors and JSON; any word, exact, checksummed, opened without reading."""

from pathlib import Path

from seqkit.core import files
from seqkit.core.errors import ModelFileError, ShapeError
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
        """Open a folder; rows are read when they are used."""
        arrays, _ = files.load(path, "vectors")
        try:
            vectors = Vectors(Vocab.from_arrays(arrays, {}), arrays["matrix"])
        except (KeyError, ShapeError) as error:
            raise ModelFileError(f"{path}: the vectors are not whole ({error}).") from error
        return vectors if reading.limit is None else vectors.restrict(reading.limit)

    @staticmethod
    def save(vectors: Vectors, path: Path) -> None:
        """Write a folder."""
        arrays = {"matrix": vectors.matrix, **vectors.vocab.to_arrays()}
        files.save(path, "vectors", arrays, {"words": len(vectors), "dim": vectors.dim})
