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

    They may be tensors of a GPU (models.language_model.resident).

    first: the streams begin here, so a state carried from elsewhere is not theirs. rows: (first row, rows in
    all) of this process's part of a batch.
    """

    input: Any  # numpy's array, or torch's tensor
    target: Any
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
    starts, steps = layout(len(ids), batch, length)
    for t, end in spans(steps, length):
        yield window(ids, starts, steps, t, end)


def layout(tokens: int, batch: int, length: int) -> tuple[Annotated[Array, "B"], Annotated[Array, "B"]]:
    """Where each stream begins in a text of so many tokens, and how many predictions it has.

    Raises:  as bptt_streams.
    """
    for name, value in (("batch", batch), ("length", length)):
        if value < 1:
            raise OptionError(f"bptt_streams: got {name} {value}, expected at least 1.")
    if tokens < 2 * batch:
        raise ShapeError(
            f"bptt_streams: got {tokens:,} tokens for {batch:,} streams, expected at least {2 * batch:,}. "
            "Give more text or a smaller batch."
        )
    small, extra = divmod(tokens, batch)
    starts = np.arange(batch, dtype=np.int64) * small + np.minimum(np.arange(batch), extra)
    return starts, small + (np.arange(batch) < extra) - 1


def spans(steps: Annotated[Array, "B"], length: int) -> Iterator[tuple[int, int]]:
    """The first step of each window, and the one after its last."""
    longest = int(steps.max())
    for t in range(0, longest, length):
        yield t, min(t + length, longest)


def predictions(steps: Annotated[Array, "B"], t: int, end: int) -> int:
    """Predictions of the streams in a window."""
    return int((np.minimum(steps, end) - t).clip(0).sum())


def window(
    ids: Ids,
    starts: Annotated[Array, "B"],
    steps: Annotated[Array, "B"],
    t: int,
    end: int,
    rows: tuple[int, int] | None = None,
) -> Window:
    """Steps t to end of the streams that begin at `starts`."""
    places = np.arange(t, end)
    at = starts[:, None] + np.minimum(places, steps[:, None] - 1)
    target = np.where(places < steps[:, None], ids[at + 1], -1)
    return Window(ids[at], target, predictions(steps, t, end), t == 0, rows)


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

    @property
    def own(self) -> slice:
        """This process's rows of a batch."""
        which, parts = self.part
        return slice(self.batch * which // parts, self.batch * (which + 1) // parts)

    def epoch(self, number: int, skip: int = 0) -> Iterator[tuple[Window | None, int]]:
        """(window, tokens it stands for); None where this process has no row of it."""
        starts, steps = layout(self.size, self.batch, self.length)
        own, some = self.own, self.own.start < self.own.stop
        rows = None if self.part[1] == 1 else (own.start, self.batch)
        for i, (t, end) in enumerate(spans(steps, self.length)):
            units = predictions(steps, t, end) + (0 if t else self.batch)
            if i >= skip:
                yield (self.window(starts[own], steps[own], t, end, rows) if some else None), units

    def window(
        self,
        starts: Annotated[Array, "B"],
        steps: Annotated[Array, "B"],
        t: int,
        end: int,
        rows: tuple[int, int] | None,
    ) -> Window:
        """One window of this process's rows."""
        return window(self.corpus.ids, starts, steps, t, end, rows)


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
