"""Batches of token ids: contiguous streams for language models.

Not handled: batches of sentences of different length (each model pads its own).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from seqkit.core.errors import OptionError, ShapeError
from seqkit.core.types import Array, Ids
from seqkit.text.corpus.corpus import Corpus


@dataclass(frozen=True)
class Window:
    """`length` steps of all streams.  input, target: (B, T) int32, target -1 where nothing is predicted.

    first: the streams begin here, so a state carried from elsewhere is not theirs. rows: (first row, rows in
    all) of this process's part of a batch.
    """

    input: Annotated[Ids, "B T"]
    target: Annotated[Ids, "B T"]
    count: int
    first: bool
    rows: tuple[int, int] | None = None


def bptt_streams(ids: Ids, batch: int, length: int) -> Iterator[Window]:
    """Cut one long text into `batch` parallel streams and yield windows of `length` steps.

    Target = input moved one token on. Streams stay in order, so a model may carry its state from window to
    window. Lengths of streams differ by one at most.

    Shapes:  ids (N,) int32 -> input, target (B, T), T = length except in the last window.
    Units:   length in tokens. Exactly N - batch predictions are made; no token is dropped.
    Raises:  ShapeError if N < 2 * batch.
    Source:  Williams & Peng 1990 (truncated back-propagation through time).

    >>> [w.input.shape for w in bptt_streams(np.arange(20, dtype=np.int32), batch=2, length=4)]
    [(2, 4), (2, 4), (2, 1)]
    """
    for name, value in (("batch", batch), ("length", length)):
        if value < 1:
            raise OptionError(f"bptt_streams: got {name} {value}, expected at least 1.")
    if len(ids) < 2 * batch:
        raise ShapeError(
            f"bptt_streams: got {len(ids):,} tokens for {batch:,} streams, expected at least {2 * batch:,}. "
            "Give more text or a smaller batch."
        )
    small, extra = divmod(len(ids), batch)
    starts = np.arange(batch, dtype=np.int64) * small + np.minimum(np.arange(batch), extra)
    steps = small + (np.arange(batch) < extra) - 1  # predictions of each stream
    for t in range(0, int(steps.max()), length):
        places = np.arange(t, min(t + length, int(steps.max())))
        live = places[None, :] < steps[:, None]
        at = starts[:, None] + np.minimum(places, steps[:, None] - 1)
        yield Window(ids[at], np.where(live, ids[at + 1], -1), int(live.sum()), t == 0)


class Streams:
    """The batches of a corpus for a language model: the same windows each epoch, in order."""

    def __init__(
        self,
        corpus: Corpus,
        batch: int,
        length: int,
        settings: dict[str, Any],
        part: tuple[int, int] = (0, 1),
    ) -> None:
        """part: (which, of how many) processes that share each batch out by rows."""
        self.corpus, self.batch, self.length, self.part = corpus, batch, length, part
        self.size = corpus.num_tokens
        self.signature = {"corpus": corpus.fingerprint, "batch": batch, "bptt": length, **settings}

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Window | None, int]]:
        """(window, tokens it stands for); None where this process has no row of it."""
        which, parts = self.part
        rows = slice(self.batch * which // parts, self.batch * (which + 1) // parts)
        done = 0
        for i, window in enumerate(bptt_streams(self.corpus.ids, self.batch, self.length)):
            units = window.count + (self.batch if window.first else 0)
            done += units
            if i < skip:
                continue
            mine = window if parts == 1 else _rows(window, rows)
            yield mine, units


def _rows(window: Window, rows: slice) -> Window | None:
    target = window.target[rows]
    if not len(target):
        return None
    return Window(
        window.input[rows], target, int((target >= 0).sum()), window.first, (rows.start, len(window.target))
    )


def padded(rows: list[Array], fill: int = 0) -> tuple[Annotated[Ids, "B T"], Annotated[Array, "B"]]:
    """Rows of different length as one array and their lengths.

    >>> padded([np.array([5, 6]), np.array([7])])
    (array([[5, 6],
           [7, 0]], dtype=int32), array([2, 1]))
    """
    lengths = np.array([len(row) for row in rows], np.int64)
    whole = np.full((len(rows), int(lengths.max(initial=0))), fill, np.int32)
    for b, row in enumerate(rows):
        whole[b, : len(row)] = row
    return whole, lengths
