"""What every debiasing method gives: an Eraser, a fixed map of word vectors; and what every method is.

    x → (unit) → M x + c → without its part in the subspace, unless protected → (unit) → (the map of its side,
    unless protected) → equalised words put in their places

A method leaves out the steps that it has no use for. Vectors are read in blocks, so they may be larger than
memory.

Not handled: finding M, c and the subspace (methods), whether the bias is gone (measures).
"""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np

from seqkit.core import files, options
from seqkit.core.device import threads as count_threads
from seqkit.core.errors import FormatError, ModelFileError, OptionError, ShapeError, did_you_mean
from seqkit.core.family import Family
from seqkit.core.options import option
from seqkit.core.types import Array, Floats
from seqkit.debias.direction import FLAT, gather
from seqkit.debias.removal.class_maps import Sides
from seqkit.debias.words.lookup import places
from seqkit.debias.words.sets import Lost, Sets, WordSets
from seqkit.embeddings.vectors.formats.native import Native
from seqkit.embeddings.vectors.vectors import Vectors

NUMBERS = 1 << 22  # numbers in a block: 16 MB of float32
COMPILE_FROM = 1 << 23  # numbers below which compiling does not pay
methods = Family("seqkit.debias.removal.methods", "bias method")


@dataclass(frozen=True, eq=False)
class Eraser:
    """A fitted method: call it with Vectors, or `write` its result straight to a folder.

    Shapes:  basis (K, D), linear (D, D), shift (D,) float64; basis may have no rows, linear and shift may be
             absent.
    protected: words that keep their part in the subspace.
    equalize: sets of such words that get places at equal distance.
    unit: the results have length one.   unit_first: lengths are taken away before anything else.
    sides: maps of the classes.
    report: settings, words with checksum, words lost, direction, certificate: all that is needed to read a
    result.
    """

    method: str
    basis: Array
    linear: Array | None = None
    shift: Array | None = None
    protected: tuple[str, ...] = ()
    equalize: Sets = ()
    unit: bool = False
    unit_first: bool = False
    report: Mapping[str, Any] = field(default_factory=dict)
    sides: Sides | None = None

    def __post_init__(self) -> None:
        for name in ("basis", "linear", "shift"):
            if (array := getattr(self, name)) is not None:
                own = np.array(array, np.float64)
                own.flags.writeable = False
                object.__setattr__(self, name, own)
        if len(self.basis) >= self.dim:
            raise OptionError(
                f"{self.method}: {len(self.basis)} directions of {self.dim} would take everything. Take "
                "out fewer."
            )
        if (large := max(self.equalize, key=len, default=())) and len(self.basis) < len(large) - 1:
            raise OptionError(
                f"{self.method}: {len(self.basis)} directions came, {large} needs {len(large) - 1} to be "
                "equalised: in fewer its "
                "words would fall together. Raise dims, or pass equalize=False."
            )

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return int(self.basis.shape[1])

    def __call__(self, vectors: Vectors) -> Vectors:
        """The vectors without the concept; the words stay, a new matrix is made.

        Raises:  ShapeError for vectors of another size; FormatError naming a word that is nan or inf, or of
                 which nothing would be left; VocabularyError if a word to equalise is not there.
        """
        out = np.empty((len(vectors), self.dim), np.float32)
        for start, block in self.blocks(vectors, threads=count_threads()):
            out[start : start + len(block)] = block
        return Vectors(vectors.vocab, out)

    def write(self, vectors: Vectors, path: str | os.PathLike[str]) -> None:
        """Write the result as seqkit's own format: the same bytes as self(vectors).save(path), in memory for
        a few blocks only.

        The next block is computed while one is hashed and written.
        """
        matrix = files.Streamed(np.dtype(np.float32), (len(vectors), self.dim), lambda: self._ahead(vectors))
        Native.write(Path(path), vectors.vocab.to_arrays(), {"matrix": matrix})

    def blocks(self, vectors: Vectors, *, threads: int = 1) -> Iterator[tuple[int, Annotated[Floats, "N D"]]]:
        """The result as blocks of rows with the number of their first row."""
        if vectors.dim != self.dim:
            raise ShapeError(
                f"{self.method}: vectors of {vectors.dim} numbers came, it was fitted to {self.dim}."
            )
        where = places(vectors.vocab, self.protected)
        kept = np.zeros(len(vectors), bool)
        kept[list(where.values())] = True
        placed, rows = self._equalized(vectors, where)
        height = max(1, NUMBERS // self.dim)
        for start in range(0, len(vectors), height):
            block = vectors.matrix[start : start + height]
            out = np.empty(block.shape, np.float32)
            moved = self._moved(block)
            bad = self._pass(
                moved, kept[start : start + height], out, threads, vectors.matrix.size >= COMPILE_FROM
            )
            if bad >= 0:
                self._refuse(vectors, start + bad)
            if self.sides is not None:
                self._aside(self.sides, moved, ~kept[start : start + height], out)
            low, high = np.searchsorted(placed, [start, start + height])
            out[placed[low:high] - start] = rows[low:high]
            yield start, out

    def _ahead(self, vectors: Vectors) -> Iterator[Floats]:
        found = self.blocks(vectors)
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(next, found, None)
            while (pair := coming.result()) is not None:
                coming = pool.submit(next, found, None)
                yield pair[1]

    def _aside(self, sides: Sides, moved: Array, free: Array, out: Floats) -> None:
        """The free rows of `out` by the map of the class that their part in the subspace gave away; unit."""
        inside = moved[free] @ self.basis.T / np.linalg.norm(moved[free], axis=1, keepdims=True)
        x = sides.move(out[free].astype(np.float64), inside)
        x -= x @ self.basis.T @ self.basis
        out[free] = x / np.linalg.norm(x, axis=1, keepdims=True)

    def _pass(self, moved: Array, kept: Array, out: Floats, threads: int, compiled: bool) -> int:
        if compiled:
            from seqkit.kernels.project_out import cpu

            return cpu.neutralize(moved, self.basis, kept, self.unit, out, threads=threads)
        from seqkit.kernels.project_out.reference import neutralize

        return neutralize(moved, self.basis, kept, self.unit, out)

    def _moved(self, rows: Array) -> Array:
        """(unit), M x + c."""
        if self.linear is None:
            return rows
        x = rows.astype(np.float64)
        shift = np.zeros(self.dim) if self.shift is None else self.shift
        with np.errstate(invalid="ignore", over="ignore"):  # nan and inf pass on to the check
            if not self.unit_first:
                return np.asarray(x @ self.linear.T + shift)
            length = np.linalg.norm(x, axis=1, keepdims=True)
            x /= np.where(length > 0, length, 1)
            return np.asarray(
                np.where(length == 0, 0, x @ self.linear.T + shift)
            )  # zero has no direction, so it stays

    def _equalized(self, vectors: Vectors, where: Mapping[str, int]) -> tuple[Array, Array]:
        """Rows and new vectors of the words to equalise, by the vectors as they were: after neutralising,
        rounding decides.

        x unit, μ the mean of a set, (·)_B the part in the subspace, ν = μ - μ_B: x ← ν + √(1 - |ν|²) (x_B -
        μ_B) / |x_B - μ_B|.
        """
        words = [word for row in self.equalize for word in row]
        if not words:
            return np.zeros(0, np.int64), np.zeros((0, self.dim))
        x = self._moved(gather(vectors, words, where=where))
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
        first = 0
        for row in self.equalize:
            part = x[first : first + len(row)]
            inside = part @ self.basis.T
            away = inside - inside.mean(0)
            length = np.linalg.norm(away, axis=1)
            if length.min() <= FLAT:
                raise FormatError(
                    f"{self.method}: {row[int(length.argmin())]!r} differs from the mean of {row} nowhere "
                    "in the subspace, so it "
                    "cannot be equalised. Leave the set out, or take more directions."
                )
            rest = part.mean(0) - inside.mean(0) @ self.basis
            part[:] = rest + np.sqrt(max(0.0, 1 - rest @ rest)) * (away / length[:, None]) @ self.basis
            part /= np.linalg.norm(part, axis=1, keepdims=True)
            first += len(row)
        rows = np.array([where[word] for word in words], np.int64)
        order = np.argsort(rows)
        return rows[order], x[order]

    def _refuse(self, vectors: Vectors, row: int) -> None:
        x = vectors.matrix[row].astype(np.float64)
        if not np.isfinite(x).all():
            raise FormatError(
                f"{self.method}: the vector of {vectors.vocab.tokens[row]!r} holds nan or inf. Mend the "
                "vectors."
            )
        what = "lies in the subspace" if x.any() else "is zero"
        raise FormatError(
            f"{self.method}: the vector of {vectors.vocab.tokens[row]!r} {what}, so nothing would be "
            "left of it. "
            "Make it a specific word, or leave it out (vectors.restrict)."
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to a folder: safetensors and JSON."""
        arrays = {
            name: array for name in ("basis", "linear", "shift") if (array := getattr(self, name)) is not None
        }
        arrays |= {} if self.sides is None else self.sides.arrays()
        meta = {name: getattr(self, name) for name in ("method", "protected", "unit", "unit_first")}
        meta |= {
            "equalize": [list(row) for row in self.equalize],
            "report": dict(self.report),
            "protected": list(self.protected),
        }
        files.save(Path(path), "eraser", arrays, meta)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Eraser":
        """Open what `save` wrote.

        Raises:  ModelFileError if it is damaged or no eraser.
        """
        arrays, meta = files.load(Path(path), "eraser")
        try:
            lists = {
                "protected": tuple(meta["protected"]),
                "equalize": tuple(tuple(row) for row in meta["equalize"]),
            }
            return cls(
                **{"linear": None, "shift": None, "sides": Sides.of(arrays), **arrays, **meta, **lists}
            )
        except (TypeError, KeyError, IndexError) as error:
            raise ModelFileError(f"{path}: the eraser is not whole ({error}).") from error


@dataclass(frozen=True)
class BiasMethod:
    """Settings of a method and its `fit`; scikit-learn's get_params and set_params."""

    case: Literal["exact", "lower", "any"] = option(
        "exact", help="look for words as written, in lower case, or any of the two"
    )
    limit: float = option(
        0.2, low=0, high=1, help="share of the definitional sets, or of a list learnt from, that may be lost"
    )

    def __post_init__(self) -> None:
        options.check(self)

    def fit(self, vectors: Vectors, words: WordSets) -> Eraser:
        """Find what to take out of `vectors`; `words` says what the concept is."""
        raise NotImplementedError

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All settings by name."""
        return options.to_json(self)

    def set_params(self, **params: Any) -> Self:
        """The method with some settings changed (a new one: methods are frozen)."""
        known = self.get_params()
        for name in params:
            if name not in known:
                raise OptionError(
                    f"{type(self).__name__}: unknown setting {name!r}.{did_you_mean(name, known)}"
                )
        return replace(self, **params)

    def known(self, vectors: Vectors, words: WordSets, lists: tuple[str, ...] = ()) -> tuple[WordSets, Lost]:
        """The words that the vectors have; the definitional sets, or the named lists if there are any, must
        be nearly whole.

        Raises:  OptionError if there are neither; VocabularyError if too many are lost.
        """
        if not (lists or words.definitional):
            raise OptionError(
                f"{type(self).__name__}: {words.name} has no definitional sets. Add some, as (woman, man)."
            )
        return words.known(vectors, case=self.case, limit=self.limit, need=lists or ("definitional",))

    def reported(self, words: WordSets, lost: Lost, **more: Any) -> dict[str, Any]:
        """What every report holds: settings, words, what was lost, and which side is positive."""
        shown = {part: list(gone) for part, gone in lost.items() if part not in words.lists}
        origin = {
            "name": words.name,
            "source": words.source,
            "licence": words.licence,
            "sha256": words.checksum,
        }
        positive = words.classes[0] if words.classes else "first column"
        return {"settings": self.get_params(), "words": origin, "lost": shown, "positive": positive, **more}
