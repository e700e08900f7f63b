"""The steps that erasers are made of: each changes the rows of a block, and is saved as arrays and settings.

A new kind of step is a class here and a place in eraser.KINDS. Not handled: in which order they run (Eraser).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Self

import numpy as np

from seqkit.core.errors import FormatError, OptionError
from seqkit.core.types import Array, Arrays, Floats
from seqkit.debias.direction import FLAT, gather
from seqkit.debias.words.lookup import Sets, places
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.kernels.affine_rows.reference import affine


@dataclass
class Block:
    """Some rows on their way through the steps.

    rows: as the last step left them.   before: as they were before Project.
    kept: rows of protected words.   start: number of the first row in the vectors.
    threads, compiled: how Project runs.   bad: a row that Project refuses, or -1.
    place: the GPU on which Affine runs; None: the CPU.
    """

    rows: Annotated[Array, "N D"]
    kept: Annotated[Array, "N"]
    start: int
    threads: int
    compiled: bool
    before: Annotated[Array, "N D"] = field(default_factory=lambda: np.zeros((0, 0)))
    bad: int = -1
    place: Any = None  # torch.device


class Step(ABC):
    """One thing done to the rows of each block; frozen."""

    def begin(self, where: str, vectors: Vectors, earlier: Sequence["Step"]) -> Callable[[Block], None]:
        """What is done to each block of `vectors`, after the earlier steps.  where: for messages."""
        return self.apply

    @abstractmethod
    def apply(self, block: Block) -> None:
        """Change the rows of a block."""

    def move(self, rows: Annotated[Array, "N D"]) -> Annotated[Array, "N D"]:
        """What the step does to every row, those of protected words too."""
        return rows

    def check(self, where: str) -> None:  # noqa: B027  # most settings cannot fail
        """Raise OptionError, naming `where`, for settings that cannot work."""

    def arrays(self) -> Arrays:
        """The arrays to save, by name."""
        return {}

    def settings(self) -> dict[str, Any]:
        """The settings to save, by name, as plain JSON values."""
        return {}

    @classmethod
    @abstractmethod
    def of(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self | None:
        """The step out of all saved arrays and settings of an eraser; None if it has no such step."""

    def _freeze(self, *names: str) -> None:
        """Make own float64 copies of arrays, which nobody can change."""
        for name in names:
            if (array := getattr(self, name)) is not None:
                own = np.array(array, np.float64)
                own.flags.writeable = False
                object.__setattr__(self, name, own)


@dataclass(frozen=True, eq=False)
class Affine(Step):
    """x ← M x + c.   unit: x is made unit first; a row of zeros has no direction and stays.

    Shapes:  linear M (D, D), shift c (D,) float64; no shift: c = 0.
    """

    linear: Annotated[Array, "D D"]
    shift: Annotated[Array, "D"] | None = None
    unit: bool = False

    def __post_init__(self) -> None:
        self._freeze("linear", "shift")

    def apply(self, block: Block) -> None:
        """Move all rows, on a GPU if the block has one: D² products a row."""
        if block.place is None:
            block.rows = self.move(block.rows)
            return
        from seqkit.kernels.affine_rows import gpu

        block.rows = gpu.affine(block.rows, self.linear, self._shift, self.unit, block.place)

    def move(self, rows: Annotated[Array, "N D"]) -> Annotated[Array, "N D"]:
        """M x + c in float64."""
        return affine(rows, self.linear, self._shift, self.unit)

    @property
    def _shift(self) -> Annotated[Array, "D"]:
        return np.zeros(len(self.linear)) if self.shift is None else self.shift

    def arrays(self) -> Arrays:
        """linear, and shift if there is one."""
        return {"linear": self.linear} | ({} if self.shift is None else {"shift": self.shift})

    def settings(self) -> dict[str, Any]:
        """unit_first."""
        return {"unit_first": self.unit}

    @classmethod
    def of(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self | None:
        """Out of `linear`."""
        if "linear" not in arrays:
            return None
        return cls(arrays["linear"], arrays.get("shift"), settings["unit_first"])


@dataclass(frozen=True, eq=False)
class Project(Step):
    """x ← x - BᵀB x unless protected; then x / |x| if `unit`. Every eraser has it: it checks the rows.

    Shapes:  basis B (K, D) float64, orthonormal; K may be 0.
    """

    basis: Annotated[Array, "K D"]
    unit: bool = False

    def __post_init__(self) -> None:
        self._freeze("basis")

    def check(self, where: str) -> None:
        """Something must be left."""
        if len(self.basis) >= self.basis.shape[1]:
            raise OptionError(
                f"{where}: got {len(self.basis)} directions, expected fewer than {self.basis.shape[1]}, the "
                "size of the vectors. Take out fewer."
            )

    def apply(self, block: Block) -> None:
        """Project the rows, into float32."""
        out: Floats = np.empty(block.rows.shape, np.float32)
        if block.compiled:
            from seqkit.kernels.project_out import cpu

            block.bad = cpu.neutralize(
                block.rows, self.basis, block.kept, self.unit, out, threads=block.threads
            )
        else:
            from seqkit.kernels.project_out.reference import neutralize

            block.bad = neutralize(block.rows, self.basis, block.kept, self.unit, out)
        block.before, block.rows = block.rows, out

    def arrays(self) -> Arrays:
        """basis."""
        return {"basis": self.basis}

    def settings(self) -> dict[str, Any]:
        """unit."""
        return {"unit": self.unit}

    @classmethod
    def of(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self | None:
        """Out of `basis`."""
        return cls(arrays["basis"], settings["unit"])


@dataclass(frozen=True, eq=False)
class Equalize(Step):
    """The words of each set get places at equal distance from every word without part in the subspace.

    x unit, μ the mean of a set, (·)_B the part in the subspace, ν = μ - μ_B:

        x ← ν + √(1 - |ν|²) (x_B - μ_B) / |x_B - μ_B|

    The places come from the vectors as they were, but for steps that move all words: after the projection
    rounding would decide on which side a word goes. The words must be protected.
    """

    basis: Annotated[Array, "K D"]
    sets: Sets

    def __post_init__(self) -> None:
        self._freeze("basis")

    def check(self, where: str) -> None:
        """The subspace must be large enough to keep the words of a set apart."""
        largest = max(self.sets, key=len, default=())
        if largest and len(self.basis) < len(largest) - 1:
            raise OptionError(
                f"{where}: got {len(self.basis)} directions, expected {len(largest) - 1} or more to equalise "
                f"{largest}: in fewer its words would fall together. Raise dims, or pass equalize=False."
            )

    def begin(self, where: str, vectors: Vectors, earlier: Sequence[Step]) -> Callable[[Block], None]:
        """Find all places at once, since the words of a set lie in several blocks."""
        words = [word for row in self.sets for word in row]
        if not words:
            return self.apply
        ids = places(vectors.vocab, words)
        x = gather(vectors, words, where=ids)
        for step in earlier:
            x = step.move(x)
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
        first = 0
        for row in self.sets:
            self._equalize(where, row, x[first : first + len(row)])
            first += len(row)
        rows = np.array([ids[word] for word in words], np.int64)
        order = np.argsort(rows)
        rows, x = rows[order], x[order]

        def put(block: Block) -> None:
            low, high = np.searchsorted(rows, [block.start, block.start + len(block.rows)])
            block.rows[rows[low:high] - block.start] = x[low:high]

        return put

    def apply(self, block: Block) -> None:
        """Nothing to a block alone: begin finds the places."""

    def _equalize(self, where: str, words: tuple[str, ...], x: Annotated[Array, "N D"]) -> None:
        """Change the unit rows of one set."""
        inside = x @ self.basis.T
        away = inside - inside.mean(0)
        length = np.linalg.norm(away, axis=1)
        if length.min() <= FLAT:
            raise FormatError(
                f"{where}: {words[int(length.argmin())]!r} does not differ from the mean of {words} in the "
                "subspace, so it cannot be equalised. Leave the set out, or take more directions."
            )
        rest = x.mean(0) - inside.mean(0) @ self.basis
        x[:] = rest + np.sqrt(max(0.0, 1 - rest @ rest)) * (away / length[:, None]) @ self.basis
        x /= np.linalg.norm(x, axis=1, keepdims=True)

    def settings(self) -> dict[str, Any]:
        """equalize."""
        return {"equalize": [list(row) for row in self.sets]}

    @classmethod
    def of(cls, arrays: Arrays, settings: Mapping[str, Any]) -> Self | None:
        """Out of `equalize`."""
        sets = tuple(tuple(row) for row in settings["equalize"])
        return cls(arrays["basis"], sets) if sets else None
