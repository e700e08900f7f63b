"""Kept tokens, windows and noise draws on a GPU: windows.reference in Triton, with the very draws of the CPU.

The tuples of windows.settings hold tensors here, those of 64 bits without a sign as torch.uint64. Tokens are
thinned out once an epoch, for the whole text: a window then is a stretch of the kept tokens, whatever was
left out between them. Not handled: what is predicted (word2vec.gpu, fasttext.gpu, full_softmax.gpu).
"""

from typing import Any, NamedTuple, cast

import torch
import triton
import triton.language as tl
from torch import Tensor

from seqkit.kernels.primitives.windows.settings import Noise, Stretch, Windows

KEPT = 1024  # tokens of a program at once
FRESH = tl.constexpr(".cg")  # rows are read past the first cache, which does not see what others add
PROGRAMS = 512  # of a stretch of text at most, so many windows are computed at once
TOKENS = 64  # of a program at least, so that short texts have few at once
REGISTERS = 255  # of a thread at most; said, so that the assembler spills none to start more programs
CROWD = 2.0  # changes of one row that are added up whole, of the programs that run at once


class Kept(NamedTuple):
    """The kept tokens of a text in one epoch."""

    tokens: Tensor  # (M,) int32
    places: Tensor  # (M,) int64: where they stand in the text
    sentences: Tensor  # (M,) int32: of which sentence they are
    shares: Tensor  # (V,) float32: of each word among them


class Tally(NamedTuple):
    """What each program of a launch adds up."""

    loss: Tensor  # (P,) float64, nats
    predictions: Tensor  # (P,) int32

    @staticmethod
    def of(programs: int, device: torch.device) -> "Tally":
        """Nothing yet."""
        made = torch.zeros(2, programs, device=device)
        return Tally(made[0].double(), made[1].int())

    def read(self) -> tuple[float, int]:
        """Loss and predictions of all programs; the host waits for them."""
        loss, count = torch.stack([self.loss.sum(), self.predictions.sum().double()]).tolist()
        return loss, int(count)


@triton.jit
def bits(seed, place):
    """The 64 random bits at `place` (uint64) of the stream `seed`: core.rng.bits."""
    x = seed + place * 0x9E3779B97F4A7C15
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB
    return x ^ (x >> 31)


@triton.jit
def own_windows(me, ends):
    """The kept tokens [first, last) whose windows are those of program `me`, of what `bounds` gave."""
    begin = tl.load(ends)
    number = (tl.load(ends + 1) - begin).to(tl.int32)
    each = tl.cdiv(number, tl.num_programs(0))
    return begin + tl.minimum(me * each, number), begin + tl.minimum((me + 1) * each, number)


@triton.jit
def half_width(place, seeds, WINDOW: tl.constexpr, SHRINK: tl.constexpr):
    """The half-width of the window around `place`."""
    width = WINDOW
    if SHRINK:
        width = 1 + (bits(tl.load(seeds + 1), place) % WINDOW).to(tl.int32)
    return width


@triton.jit
def centre(p, tokens, places, seeds, WINDOW: tl.constexpr, SHRINK: tl.constexpr):
    """Word, place (uint64) and half-width of the window of kept token p."""
    place = tl.load(places + p).to(tl.uint64)
    return tl.load(tokens + p).to(tl.int64), place, half_width(place, seeds, WINDOW, SHRINK)


@triton.jit
def context(p, j, width, tokens, sentences, total, WINDOW: tl.constexpr):
    """Entry j of the window of kept token p, of 2 WINDOW: (its word, whether it is there)."""
    offset = tl.where(j < WINDOW, j - WINDOW, j - WINDOW + 1)
    at = p + offset
    there = (j < 2 * WINDOW) & (at >= 0) & (at < total) & (tl.abs(offset) <= width)
    there = there & (tl.load(sentences + at, there, -1) == tl.load(sentences + p))
    return tl.load(tokens + at, there, 0).to(tl.int64), there


@triton.jit
def draw(number, seeds, table, size):
    """Noise word of draw `number` (uint64) of an epoch, by the alias method."""
    random = bits(tl.load(seeds + 2), number)
    column = (random >> 32) * size >> 32
    entry = tl.load(table + column.to(tl.int64))
    return tl.where((random & 0xFFFFFFFF) < (entry >> 32), column, entry & 0xFFFFFFFF).to(tl.int64)


@triton.jit
def noise_row(t, word, place, seeds, table, size, K: tl.constexpr):
    """Target t of a window, the word itself first: (its row, whether it counts)."""
    drawn = draw(place * K + tl.maximum(t - 1, 0).to(tl.uint64), seeds, table, size)
    row = tl.where(t == 0, word, drawn)
    return row, (t <= K) & ((t == 0) | (row != word))


@triton.jit
def mean_of(
    input,
    p,
    width,
    tokens,
    sentences,
    total,
    D: tl.constexpr,
    STRIDE: tl.constexpr,
    BD: tl.constexpr,
    WINDOW: tl.constexpr,
    BW: tl.constexpr,
):
    """The mean of the rows of the context of kept token p, and their number."""
    d = tl.arange(0, BD)
    h, n = tl.zeros((BD,), tl.float32), 0
    for group in range(0, 2 * WINDOW, BW):
        words, there = context(p, group + tl.arange(0, BW), width, tokens, sentences, total, WINDOW)
        x_there = there[:, None] & (d < D)[None]
        at = input + words[:, None] * STRIDE + d[None]
        h += tl.sum(tl.load(at, x_there, 0.0, cache_modifier=FRESH), 0)
        n += tl.sum(there.to(tl.int32), 0)
    return h / tl.maximum(n, 1), n


@triton.jit
def keep_kernel(ids, keep, seeds, flags, n, BLOCK: tl.constexpr):
    """flags = whether each token survives subsampling."""
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    there = i < n
    random = bits(tl.load(seeds), i.to(tl.uint64)) >> 32
    kept = random < tl.load(keep + tl.load(ids + i, there, 0), there, 0)
    tl.store(flags + i, kept.to(tl.int8), there)


def keep(text: Stretch, windows: Windows) -> Kept:
    """The kept tokens of the whole text."""
    ids: Any = text.ids
    starts: Any = text.starts
    flags = torch.empty(len(ids), dtype=torch.int8, device=ids.device)
    keep_kernel[(triton.cdiv(len(ids), KEPT),)](
        ids, windows.keep, windows.seeds, flags, len(ids), BLOCK=KEPT, num_warps=4
    )
    places = torch.nonzero(flags)[:, 0]
    sentences = torch.bucketize(places, starts[1:], right=True, out_int32=True)
    tokens = ids[places]
    shares = torch.bincount(tokens, minlength=len(windows.keep)) / max(len(tokens), 1)
    return Kept(tokens, places, sentences, shares)


def programs_for(text: Stretch) -> int:
    """How many programs share a stretch of text."""
    return min(max((text.high - text.low) // TOKENS, 1), PROGRAMS)


def context_words(windows: Windows) -> float:
    """How many words stand around a centre, on average."""
    return windows.window + 1.0 if windows.shrink else 2.0 * windows.window


def noise_shares(noise: Noise) -> Tensor:
    """(V,): how likely each word is drawn, from the alias table."""
    entries = cast(Any, noise.table).view(torch.int64)
    chance, alias = (entries >> 32 & 0xFFFFFFFF) / 2.0**32, entries & 0xFFFFFFFF
    return (chance.index_add(0, alias, 1 - chance) / len(entries)).float()


def damping(rates: Tensor, programs: int) -> Tensor:
    """The factors of the changes of rows that `rates` windows each change, where `programs` run at once.

    Programs see each other's changes late. A row that more than CROWD of them change would overshoot, so the
    sum of their changes is brought down to that of CROWD: a mean over a crowd. Few rows are concerned: the
    most common words, the upper nodes of a tree. One program alone sees everything.

    Skip-gram, d 50, rate 0.05, 400,000 words of text8, 512 windows at once that see no change of each other:
    hierarchical softmax and negative sampling both diverge. Damped, their loss at the end is 7.9 and 3.3; it
    is 7.6 with 8 and 2.7 with 32 windows at once.
    """
    return (CROWD / (rates * (programs - 1))).clamp(max=1.0)


def bounds(kept: Kept, text: Stretch) -> Tensor:
    """(2,) int64: the first kept token of [low, high), and the first beyond it, without the host knowing."""
    ends = torch.tensor([text.low, text.high], device=kept.places.device)
    return torch.searchsorted(kept.places, ends)


@triton.jit
def contexts_kernel(
    at,
    centres,
    around,
    tokens,
    places,
    sentences,
    seeds,
    total,
    WINDOW: tl.constexpr,
    BW: tl.constexpr,
    SHRINK: tl.constexpr,
):
    """Write the centre and the context of kept token at[i]; -1 where there is no word."""
    i = tl.program_id(0).to(tl.int64)
    p = tl.load(at + i)
    here = p >= 0
    p = tl.maximum(p, 0)
    word, _, width = centre(p, tokens, places, seeds, WINDOW, SHRINK)
    j = tl.arange(0, BW)
    words, there = context(p, j, width, tokens, sentences, total, WINDOW)
    tl.store(centres + i, word)
    tl.store(around + i * 2 * WINDOW + j, tl.where(there & here, words, -1), j < 2 * WINDOW)


def contexts(at: Tensor, kept: Kept, windows: Windows) -> tuple[Tensor, Tensor]:
    """Words (N,) and contexts (N, 2 · window) of the kept tokens `at` (N,); -1 is no word, and at -1 none."""
    centres = torch.zeros(len(at), dtype=torch.int64, device=at.device)
    around = torch.full((len(at), 2 * windows.window), -1, dtype=torch.int64, device=at.device)
    if len(at) and len(kept.tokens):
        contexts_kernel[(len(at),)](
            at,
            centres,
            around,
            *kept[:3],
            windows.seeds,
            len(kept.tokens),
            WINDOW=windows.window,
            BW=triton.next_power_of_2(2 * windows.window),
            SHRINK=windows.shrink,
            num_warps=1,
        )
    return centres, around
