"""Counting the co-occurrences of a corpus within a memory limit: plan, forecast, blocks, sum.

Not handled: the matrix itself (cooccurrence.Cooccurrence), what a row costs (kernels.cooccurrence).
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from seqkit.core.errors import OptionError, ResourceError, resource_error
from seqkit.core.types import Array
from seqkit.embeddings.cooccurrence.options import CountOptions
from seqkit.kernels.primitives.windows.settings import Stretch
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab

if TYPE_CHECKING:  # compiled when something is counted
    from seqkit.kernels.cooccurrence.cpu import CountedRows, Indexed

ENTRY = 12  # bytes of a column and a value
EXACT = 1 << 51  # units below this come back from their float64 value
Matrix = tuple[Array, Array, Array]  # row ends (V + 1,) int64, columns (N,) int32, values (N,) float64


@dataclass(frozen=True)
class Forecast:
    """What counting will need.

    Units:  pairs that are stored, from a sample of rows; memory at the peak and disk in bytes.
    """

    words: int
    tokens: int
    pairs: int
    blocks: int
    memory: int
    disk: int


def select(vocab: Vocab, settings: CountOptions) -> Annotated[Array, "N"]:
    """Ids of the words that are counted, by falling count; special tokens but </s> are none.

    Raises:  FormatError if there is none.
    """
    counts = vocab.frequent(settings.min_count, "co-occurrence")
    ids = np.argsort(-counts, kind="stable")[: settings.max_size]
    return ids[counts[ids] > 0]


class CountingPlan:
    """How a corpus is cut so that counting stays within `memory`, and what that will need.

    Raises:  ResourceError if that cannot be, OptionError if a count could pass what an integer holds.
    """

    def __init__(
        self,
        corpus: Corpus,
        rows: Array,
        size: int,
        settings: CountOptions,
        *,
        memory: int,
        threads: int,
        folder: Path | None,
        part: tuple[int, int] | None = None,
    ) -> None:
        """rows: the row of each id, below `size`, or -1. folder: for files; None: memory alone.

        part: the tokens to count, first and last but one; all unless given.
        """
        self.corpus, self.rows, self.size, self.settings = corpus, rows, size, settings
        self.threads, self.folder = threads, folder
        low, self.high = part or (0, corpus.num_tokens)
        if not 0 <= low <= self.high <= corpus.num_tokens:
            raise OptionError(
                f"co-occurrence: got part {part}, expected tokens from 0 to {corpus.num_tokens:,}."
            )
        tokens, sentences = (
            self.high - low,
            int(np.searchsorted(corpus.starts, [low, self.high]) @ [-1, 1]) + 1,
        )
        self.room = max(size, min(1 << 21, memory // (144 * threads), 2 * settings.window * tokens))
        fixed = threads * (13 * size + 3 * ENTRY * self.room) + 32 * size + 4 * len(rows)
        each = 8 + 4 * min(1.0, sentences / max(tokens, 1))
        least = min(tokens, 4 * settings.window)
        if fixed + each * least > memory:
            raise ResourceError(
                f"co-occurrence: got memory of {memory:,} bytes; {size:,} words on {threads} threads take at "
                f"least {int(fixed + each * least):,}. Give more, use fewer threads, or leave out words by "
                "min_count or max_size."
            )
        most = int(corpus.vocab.counts[rows >= 0].max(initial=0))
        if 2 * most * int(settings.weights.sum()) > 1 << 62:
            raise OptionError(
                f"co-occurrence: window {settings.window} on {tokens:,} tokens passes 64 bits. Take a "
                "smaller window."
            )
        self.block = max(1, min(tokens, int((memory - fixed) / each), (1 << 31) - 4 * settings.window))
        self.starts = range(low, max(self.high, low + 1), self.block)
        self.first = self.indexed(low)
        sample = np.arange(size // 1000, size, max(1, 2 * (size // 1000)))
        pairs = int(self.first.rows(sample)[0].sum()) * size // max(len(sample), 1)
        blocks = len(self.starts)
        disk = (
            0 if folder is None else int(1.1 * ENTRY * pairs * blocks * (2 if blocks == 1 else 3) + 16 * size)
        )
        use = int(fixed + each * self.block)
        if folder is None:
            use += 2 * ENTRY * pairs * blocks
        self.forecast = Forecast(size, tokens, pairs * blocks, blocks, use, disk)
        self.memory = memory

    def indexed(self, start: int) -> "Indexed":
        """One block of text, indexed."""
        from seqkit.kernels.cooccurrence.cpu import index

        settings, high = self.settings, min(start + self.block, self.high)
        text = Stretch(self.corpus.ids, self.corpus.starts, start, high)
        how: dict[str, Any] = {"symmetric": settings.symmetric, "holes": settings.distance == "text"}
        return index(text, self.rows, self.size, settings.weights, **how)

    def check(self) -> None:
        """Raise ResourceError where the forecast does not fit."""
        needs = self.forecast
        if self.folder is None and needs.memory > self.memory:
            raise ResourceError(
                f"co-occurrence: about {needs.pairs:,} pairs would take {needs.memory:,} bytes of memory, "
                f"{self.memory:,} are given. Give out= to keep them on disk, or give more memory."
            )
        if self.folder is not None and needs.disk > (free := shutil.disk_usage(self.folder).free):
            raise ResourceError(
                f"{self.folder}: counting needs about {needs.disk:,} bytes of disk for {needs.pairs:,} "
                f"pairs, {free:,} are free. Free some, choose another folder, give more memory, or raise "
                "min_count."
            )

    def run(self, report: Callable[[float], None] | None, place: Any = None) -> Matrix:
        """Count.  place: the GPU that counts blocks of text; None: the CPU.

        The CPU indexes the text and adds the blocks always.
        """
        from seqkit.kernels.cooccurrence.cpu import add

        parts = [self._run_block(number, report, place) for number in range(len(self.starts))]
        if len(parts) == 1:
            return parts[0]
        sources: list[Any] = [(ends, columns, units.__getitem__) for ends, columns, units in parts]
        return keep(
            add(sources, threads=self.threads, room=self.room),
            self.size,
            self.settings.unit,
            self.folder,
            "result",
        )

    def _run_block(self, number: int, report: Callable[[float], None] | None, place: Any) -> Matrix:
        """Count one block and free it: counts if it is the only one, else whole numbers of units."""
        blocks = len(self.starts)
        text = self.first if number == 0 else self.indexed(self.starts[number])
        self.__dict__.pop("first", None)
        counted = self._counted(text, place)
        rows = _reported(counted, text.ends, report, number, blocks)
        return keep(rows, self.size, self.settings.unit if blocks == 1 else 0, self.folder, f"run-{number}")

    def _counted(self, text: "Indexed", place: Any) -> "Iterator[CountedRows]":
        if place is not None:
            from seqkit.kernels.cooccurrence import gpu

            return gpu.count(text, place)
        from seqkit.kernels.cooccurrence.cpu import count

        return count(text, threads=self.threads, room=self.room)


def keep(rows: "Iterator[CountedRows]", size: int, unit: int, folder: Path | None, name: str) -> Matrix:
    """Collect rows, in memory or in files of `folder`; divide counts by `unit` unless it is 0.

    Raises:  ResourceError if the disk is full or a count is too large to be exact.
    """
    lengths = np.zeros(size + 1, np.int64)
    kept: tuple[list[Array], list[Array]] = ([], [])
    types = np.int32, np.float64 if unit else np.int64
    paths = None if folder is None else (folder / f"{name}-columns", folder / f"{name}-values")
    try:
        opened = None if paths is None else tuple(path.open("wb") for path in paths)
        try:
            row = 1
            for more, columns, units in rows:
                if units.max(initial=0) >= EXACT or units.min(initial=1) < 1:  # below 1: a sum that ran over
                    raise ResourceError(
                        f"co-occurrence: a count of {units.max():,} units cannot be kept exactly. Lower "
                        "the window."
                    )
                lengths[row : row + len(more)] = more
                row += len(more)
                for i, array in enumerate((columns, units / unit if unit else units)):
                    if opened:
                        array.tofile(opened[i])
                    else:
                        kept[i].append(array)
        finally:
            for file in opened or ():
                file.close()
    except OSError as error:
        raise resource_error(folder or name, error) from error
    if paths is None:
        found = [np.concatenate([np.empty(0, kind), *part]) for kind, part in zip(types, kept, strict=True)]
    else:
        found = [
            np.memmap(p, t, "r") if p.stat().st_size else np.empty(0, t)
            for p, t in zip(paths, types, strict=True)
        ]
    return np.cumsum(lengths), np.asarray(found[0]), np.asarray(found[1])


def _reported(
    rows: "Iterator[CountedRows]",
    ends: Array,
    report: Callable[[float], None] | None,
    number: int,
    blocks: int,
) -> "Iterator[CountedRows]":
    """Pass the rows through, and report the share of the work that is done."""
    row = 0
    for part in rows:
        yield part
        row += len(part[0])
        if report:
            report((number + float(ends[row]) / max(float(ends[-1]), 1.0)) / blocks)
