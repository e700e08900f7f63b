"""Co-occurrence counts: how often words stand near each other; kept in a file, added up over machines.

Not handled: how rows are counted (counting, kernels.cooccurrence), training on them (objectives.glove).
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from seqkit.core import files, options
from seqkit.core.checks import check_rows, need
from seqkit.core.device import gpu
from seqkit.core.device import threads as count_threads
from seqkit.core.errors import ModelFileError, SeqkitError
from seqkit.core.files.kept import load_kept
from seqkit.core.types import Array
from seqkit.embeddings.cooccurrence import merging
from seqkit.embeddings.cooccurrence.counting import Forecast, Matrix
from seqkit.embeddings.cooccurrence.form import Meta, check_row_ends, check_values
from seqkit.embeddings.cooccurrence.options import MEMORY, CountOptions
from seqkit.embeddings.cooccurrence.preparation import count_key, plan_for, working_folder
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab


@dataclass(frozen=True)
class Cooccurrence:
    """X_ij, the weighted number of times word j stands within the window of word i.

    Row i holds the entries ends[i] to ends[i + 1], columns rising; of a symmetric matrix only the half j ≥ i
    is held.
    Shapes:  ends (V + 1,) int64; columns (N,) int32; values (N,) float64, whole multiples of 1 /
             options.unit.
    """

    ends: Annotated[Array, "E"]
    columns: Annotated[Array, "N"]
    values: Annotated[Array, "N"]
    vocab: Vocab
    options: CountOptions
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_row_ends(self.ends, self.columns, len(self.vocab))
        check_rows("Cooccurrence: columns", self.columns, self.ends, upper=self.options.symmetric)
        check_values(self.values, len(self.columns))

    @staticmethod
    def count(
        corpus: Corpus,
        *,
        vocab: Vocab | None = None,
        part: tuple[int, int] | None = None,
        memory: int = MEMORY,
        threads: int | None = None,
        device: str = "auto",
        out: str | os.PathLike[str] | None = None,
        report: Callable[[float], None] | None = None,
        **settings: Any,
    ) -> "Cooccurrence":
        """Count a corpus. The bytes are the same for any number of threads, any memory and any device.

        settings: those of CountOptions. vocab: count these words, whatever their count here (for shards of a
        larger text). part: count as centres the tokens from one place up to another alone; adjoining parts
        `merge` to the whole. memory: bytes the counting may take; a text that needs more is counted in
        blocks, whose runs go to disk beside `out` and are added up. With `out` the counts are written there
        and memory-mapped, and are only opened when the folder holds those of the same corpus and settings
        already. device: auto (a GPU if there is one), cpu or cuda[:n]; a GPU counts what the CPU has read and
        indexed, in 3.8 GB and 4 bytes a token of a block. report: called with the share done.
        Raises:  FormatError if no word is frequent enough; ResourceError with the forecast if memory or disk
                 do not suffice; BackendError if CUDA is asked for and there is none.
        """
        chosen, place = options.from_json(CountOptions, settings), gpu(device)
        key = count_key(corpus, chosen, vocab, part)
        if out is not None and (kept := kept_counts(Path(out), key)) is not None:
            return kept
        with working_folder(out) as folder:
            plan, words = plan_for(corpus, chosen, vocab, part, memory=memory, threads=threads, folder=folder)
            plan.check()
            meta = {
                "key": key,
                "tokens": plan.forecast.tokens,
                "sources": [corpus.fingerprint],
                "given": vocab is not None or part is not None,
            }
            return _finish(plan.run(report, place), words, chosen, meta, out)

    @staticmethod
    def forecast(
        corpus: Corpus,
        *,
        vocab: Vocab | None = None,
        memory: int = MEMORY,
        threads: int | None = None,
        out: str | os.PathLike[str] | None = None,
        **settings: Any,
    ) -> Forecast:
        """What `count` with the same arguments will need; writes nothing."""
        chosen = options.from_json(CountOptions, settings)
        folder = None if out is None else Path(out).parent
        plan, _ = plan_for(corpus, chosen, vocab, None, memory=memory, threads=threads, folder=folder)
        return plan.forecast

    @staticmethod
    def merge(
        shards: Sequence["Cooccurrence"],
        *,
        threads: int | None = None,
        out: str | os.PathLike[str] | None = None,
        meta: dict[str, Any] | None = None,
    ) -> "Cooccurrence":
        """The sum of counts of several texts, exactly what counting them together gives.

        meta: what the sum says of its text, where that is more than the sum of what the shards say.
        Raises:  OptionError unless all were counted with the same settings and the same words; ModelFileError
                 for a broken one.
        """
        first = merging.check_alike(shards)
        with working_folder(out) as folder:
            matrix = merging.total(shards, first, folder, threads=count_threads(threads))
            own = {
                "tokens": sum(shard.meta.get("tokens", 0) for shard in shards),
                "sources": [source for shard in shards for source in shard.meta.get("sources", [])],
            }
            words = first.vocab
            if not any(
                shard.meta.get("given") for shard in shards
            ):  # each vocabulary holds the counts of its shard alone
                words = Vocab(words.tokens, np.sum([shard.vocab.counts for shard in shards], axis=0))
            return _finish(matrix, words, first.options, meta or own | {"given": words is first.vocab}, out)

    def save(
        self, folder: str | os.PathLike[str], *, dtype: Literal["float64", "float32"] = "float64"
    ) -> None:
        """Write the counts to a folder, atomically; float32 is a third smaller, but cannot be merged."""
        arrays = {"ends": self.ends, "columns": self.columns, "values": self.values.astype(dtype, copy=False)}
        meta = {
            "options": options.to_json(self.options),
            "counts": {**self.meta, "fingerprint": self.fingerprint},
        }
        files.save(Path(folder), "cooccurrence", arrays | self.vocab.to_arrays(), meta)

    @staticmethod
    def load(folder: str | os.PathLike[str], *, verify: bool = False) -> "Cooccurrence":
        """Open counts; entries are read, and checked, where they are used. verify: check every byte now.

        Raises:  ModelFileError if the folder holds none, or damaged ones.
        """
        arrays, meta = files.load(Path(folder), "cooccurrence", Meta, verify=verify)
        try:
            ends = need(arrays, "ends", "int64", (None,))
            columns = need(arrays, "columns", "int32", (None,))
            values = need(arrays, "values", ("float64", "float32"), (len(columns),))
            vocab = Vocab.from_arrays(arrays, {})
            files.check(ends)
            check_row_ends(ends, columns, len(vocab))
            chosen = options.from_json(CountOptions, meta["options"])
        except SeqkitError as error:
            raise _damaged(folder, error) from error
        return _Opened((ends, columns, values), vocab, chosen, meta["counts"], folder)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of words, settings and counts: the same counts, the same number, on any machine."""
        if "fingerprint" in self.meta:
            return str(self.meta["fingerprint"])
        digest = hashlib.sha256(json.dumps([self.vocab.tokens, options.to_json(self.options)]).encode())
        for array in (self.ends, self.columns, self.values):
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    @cached_property
    def num_pairs(self) -> int:
        """Entries of the whole matrix that are not zero."""
        if not self.options.symmetric:
            return len(self.columns)
        rows = np.flatnonzero(np.diff(self.ends))
        return 2 * len(self.columns) - int(np.count_nonzero(self.columns[self.ends[rows]] == rows))

    def __getitem__(self, pair: tuple[str, str]) -> float:
        """The count of (word, context)."""
        i, j = (self.vocab.id(word) for word in pair)
        if self.options.symmetric and j < i:
            i, j = j, i
        row = self.columns[self.ends[i] : self.ends[i + 1]]
        place = int(np.searchsorted(row, j))
        return float(self.values[self.ends[i] + place]) if place < len(row) and row[place] == j else 0.0

    def pairs(self) -> tuple[Annotated[Array, "N"], Annotated[Array, "N"], Annotated[Array, "N"]]:
        """Rows, columns and values of the whole matrix, by row and column; in memory."""
        rows = np.repeat(np.arange(len(self.vocab), dtype=np.int32), np.diff(self.ends))
        columns, values = np.asarray(self.columns), np.asarray(self.values)
        if self.options.symmetric:
            other = rows != columns
            rows, columns = np.concatenate([rows, columns[other]]), np.concatenate([columns, rows[other]])
            values = np.concatenate([values, values[other]])
            order = np.lexsort((columns, rows))
            rows, columns, values = rows[order], columns[order], values[order]
        return rows, columns, values

    def summary(self, top: int = 10) -> tuple[dict[str, Any], str]:
        """What the counts hold, as JSON values and as text."""
        common = [
            (token, int(n)) for token, n in zip(self.vocab.tokens[:top], self.vocab.counts[:top], strict=True)
        ]
        settings = options.to_json(self.options)
        result = {
            "words": len(self.vocab),
            "pairs": self.num_pairs,
            "tokens": self.meta.get("tokens"),
            "settings": settings,
            "fingerprint": self.fingerprint,
            "most_common": common,
        }
        return result, (
            f"{len(self.vocab):,} words, {self.num_pairs:,} pairs that occur, from "
            f"{self.meta.get('tokens', 0):,} tokens\n"
            f"settings: {', '.join(f'{name} {value}' for name, value in settings.items())}\n"
            f"most common: {', '.join(f'{word} {n:,}' for word, n in common)}"
        )


class _Opened(Cooccurrence):
    """Counts in a folder: columns and values are checked when they are first asked for, all of them."""

    def __init__(
        self,
        arrays: Sequence[Array],
        vocab: Vocab,
        options: CountOptions,
        meta: dict[str, Any],
        folder: str | os.PathLike[str],
    ) -> None:
        ends, columns, values = arrays
        vars(self).update(ends=ends, vocab=vocab, options=options, meta=meta)
        vars(self).update(_folder=folder, _columns=columns, _values=values)

    _folder: str
    _columns: Array
    _values: Array

    @cached_property
    def columns(self) -> Array:
        """Column of each entry."""
        upper = self.options.symmetric
        return self._checked(
            self._columns, lambda: check_rows("columns", self._columns, self.ends, upper=upper)
        )

    @cached_property
    def values(self) -> Array:
        """Count of each entry."""
        return self._checked(self._values, lambda: check_values(self._values, len(self._columns)))

    def _checked(self, array: Array, look: Callable[[], None]) -> Array:
        return files.checked(array, look, lambda error: _damaged(self._folder, error))


def _damaged(folder: str | os.PathLike[str], error: SeqkitError) -> ModelFileError:
    return ModelFileError(f"{folder}: {error} The counts are damaged; count again.")


def kept_counts(folder: Path, key: str) -> Cooccurrence | None:
    """The counts in `folder` if they have this key."""

    def load(folder: Path) -> Cooccurrence | None:
        found = Cooccurrence.load(folder)
        ours = found.meta.get("key") == key
        return found if ours and len(found.columns) == len(found.values) else None  # checked as they are used

    return load_kept(folder, "cooccurrence", load)


def _finish(
    matrix: Matrix,
    words: Vocab,
    chosen: CountOptions,
    meta: dict[str, Any],
    out: str | os.PathLike[str] | None,
) -> Cooccurrence:
    made = Cooccurrence(*matrix, words, chosen, meta)
    if out is None:
        return made
    made.save(out)
    return Cooccurrence.load(out)
