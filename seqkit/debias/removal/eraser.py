"""What every debiasing method gives: an Eraser, a fixed map of word vectors made of steps.

Vectors are read in blocks, so they may be larger than memory. Those of a GPU (Vectors.on) are moved by Affine
there if they are large; Project is the CPU's, since reading and writing takes longer than it does.
Not handled: finding the steps (methods), whether the bias is gone (measures).
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypedDict

import numpy as np

from seqkit.core import files
from seqkit.core.checks import need
from seqkit.core.device import gpu
from seqkit.core.device import threads as count_threads
from seqkit.core.errors import FormatError, ModelFileError, SeqkitError, ShapeError
from seqkit.core.types import Array, Arrays, Floats
from seqkit.debias.removal.class_maps import ClassMaps
from seqkit.debias.removal.steps import Affine, Block, Equalize, Project, Step
from seqkit.debias.words.lookup import places
from seqkit.embeddings.vectors.formats.native import Native
from seqkit.embeddings.vectors.vectors import Vectors

NUMBERS = 1 << 22  # numbers in a block: 16 MB of float32
COMPILE_FROM = 1 << 23  # numbers below which compiling does not pay
KINDS: tuple[type[Step], ...] = (Affine, Project, ClassMaps, Equalize)  # in the order in which they run
_ORTHONORMAL = 1e-6  # that products of rows of a basis may be off
_WITHOUT = {"unit": False, "unit_first": False, "equalize": []}  # settings in a file where a step is absent


@dataclass(frozen=True)
class Eraser:
    """A fitted method: call it with Vectors, or `write` its result straight to a folder.

    steps: run one after the other; one of them is a Project.
    protected: words that keep their part in the subspace.
    report: settings, words with checksum, words lost, direction, certificate: all that is needed to read a
    result.
    """

    method: str
    steps: tuple[Step, ...]
    protected: tuple[str, ...] = ()
    report: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for step in self.steps:
            step.check(self.method)

    @property
    def basis(self) -> Annotated[Array, "K D"]:
        """The subspace that is taken out, float64; it may have no rows."""
        return next(step.basis for step in self.steps if isinstance(step, Project))

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self.basis.shape[1])

    def __call__(self, vectors: Vectors) -> Vectors:
        """The vectors without the concept: the same words, a new matrix.

        Raises:  ShapeError for vectors of another size; FormatError naming a word that is nan or inf, or of
                 which nothing would be left; VocabularyError if a word to equalise is unknown.
        """
        out = np.empty((len(vectors), self.dim), np.float32)
        for start, block in self.blocks(vectors, threads=count_threads()):
            out[start : start + len(block)] = block
        return Vectors(vectors.vocab, out).on(vectors.device)

    def write(self, vectors: Vectors, path: str | os.PathLike[str]) -> None:
        """Write the result as seqkit's own format: the same bytes as self(vectors).save(path).

        Only a few blocks are in memory; the next one is computed while one is hashed and written.
        """
        matrix = files.Streamed(np.dtype(np.float32), (len(vectors), self.dim), lambda: self._ahead(vectors))
        Native.write(Path(path), vectors.vocab.to_arrays(), {"matrix": matrix})

    def blocks(self, vectors: Vectors, *, threads: int = 1) -> Iterator[tuple[int, Annotated[Floats, "N D"]]]:
        """The result as blocks of rows with the number of their first row."""
        if vectors.dim != self.dim:
            raise ShapeError(
                f"{self.method}: got vectors of {vectors.dim} numbers, expected {self.dim}, as in the fit."
            )
        kept = np.zeros(len(vectors), bool)
        kept[list(places(vectors.vocab, self.protected).values())] = True
        begun = [step.begin(self.method, vectors, self.steps[:i]) for i, step in enumerate(self.steps)]
        height = max(1, NUMBERS // self.dim)
        compiled, place = vectors.matrix.size >= COMPILE_FROM, self.place(vectors)
        for start in range(0, len(vectors), height):
            end = start + height
            block = Block(vectors.matrix[start:end], kept[start:end], start, threads, compiled, place=place)
            for apply in begun:
                apply(block)
                if block.bad >= 0:
                    self._refuse(vectors, start + block.bad)
            yield start, block.rows

    def place(self, vectors: Vectors) -> Any:  # Any: torch.device
        """The GPU that moves rows; None: the CPU, which is quicker for few, and does all but Affine."""
        large = vectors.matrix.size >= COMPILE_FROM and any(isinstance(step, Affine) for step in self.steps)
        return gpu(vectors.device) if large else None

    def _ahead(self, vectors: Vectors) -> Iterator[Floats]:
        found = self.blocks(vectors)
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(next, found, None)
            while (pair := coming.result()) is not None:
                coming = pool.submit(next, found, None)
                yield pair[1]

    def _refuse(self, vectors: Vectors, row: int) -> None:
        x, word = vectors.matrix[row].astype(np.float64), vectors.vocab.tokens[row]
        if not np.isfinite(x).all():
            raise FormatError(f"{self.method}: the vector of {word!r} holds nan or inf. Correct the vectors.")
        what = "lies in the subspace" if x.any() else "is zero"
        raise FormatError(
            f"{self.method}: the vector of {word!r} {what}, so nothing would be left of it. Make it a "
            "specific word, or leave it out (vectors.restrict)."
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a folder: safetensors and JSON."""
        files.save(Path(path), "eraser", *self._saved())

    def _saved(self) -> tuple[Arrays, dict[str, Any]]:
        arrays: Arrays = {"basis": self.basis}
        meta = {"method": self.method, "protected": list(self.protected), **_WITHOUT}
        for step in self.steps:
            arrays |= step.arrays()
            meta |= step.settings()
        return arrays, meta | {"report": dict(self.report)}

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Eraser":
        """Open what `save` wrote.

        Raises:  ModelFileError if it is damaged or no eraser.
        """
        arrays, meta = files.load(Path(path), "eraser", _Meta)
        try:
            _check_arrays(arrays)
            words = set(meta["protected"])
            if any(len(set(row)) < 2 or not words.issuperset(row) for row in meta["equalize"]):
                raise FormatError("equalize: got a set that is not of two protected words or more")
            steps = [step for kind in KINDS if (step := kind.of(arrays, meta)) is not None]
            found = cls(meta["method"], tuple(steps), tuple(meta["protected"]), meta["report"])
            for there, known in zip((arrays, meta), found._saved(), strict=True):
                if unknown := there.keys() - known.keys():
                    raise FormatError(f"unknown: {min(unknown)}, expected {', '.join(known)}")
        except SeqkitError as error:
            raise ModelFileError(f"{path}: the eraser is not whole ({error}). Fit it again.") from error
        return found


class _Meta(TypedDict):
    method: str
    protected: list[str]
    unit: bool
    unit_first: bool
    equalize: list[list[str]]
    report: dict[str, Any]


def _check_arrays(arrays: Arrays) -> None:
    """Raise ShapeError unless the arrays agree in sizes and the basis is orthonormal."""
    basis = need(arrays, "basis", "float64", (None, None))
    k, dim = basis.shape
    if k and np.abs(basis @ basis.T - np.eye(k)).max() > _ORTHONORMAL:
        raise ShapeError("basis: got rows that are not orthonormal, expected unit rows at right angles.")
    if "linear" in arrays:
        need(arrays, "linear", "float64", (dim, dim))
    if "shift" in arrays:
        need(arrays, "shift", "float64", (dim,))
    if "maps" in arrays:
        classes = len(need(arrays, "corners", "float64", (None, k)))
        need(arrays, "maps", "float64", (classes, dim, dim))
        need(arrays, "shifts", "float64", (classes, dim))
        if classes < 2 or (need(arrays, "lead", "float64", (2,)) <= 0).any():
            raise ShapeError("maps: got one class or a lead that is not above 0, expected two or more.")
