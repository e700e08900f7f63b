"""How the next token is chosen: the rules, the rows they apply to, and the random numbers of each row."""

from dataclasses import dataclass, fields
from typing import Annotated, NamedTuple

import numpy as np

from seqkit.core import rng
from seqkit.core.types import Array

BROKEN = -2  # stands for a token where the logits were nan or infinite


class Rules(NamedTuple):
    """Numbers only, so that compiled code can read them; what is off has the value given here."""

    temperature: float = 1.0  # 0: the likeliest token
    top_k: int = 0
    top_p: float = 1.0
    eos: int = -1  # -1: there is none
    stop: bool = False  # whether a row ends at eos
    min_length: int = 0  # tokens before which eos cannot come
    penalty: float = 1.0
    ngram: int = 0


@dataclass
class Rows:
    """Rows being written, changed in place: the tokens of each, the place of the next, whether it has ended.

    Shapes:  tokens (B,) int64 the last token, which is read next; index (B,) int64; out (B, T) int64, -1
             where nothing is written; done (B,) bool; seeds (B,) uint64; log_probs (B,) float64, of the
             tokens written, in nats.
    """

    tokens: Annotated[Array, "B"]
    seeds: Annotated[Array, "B"]
    out: Annotated[Array, "B T"]
    index: Annotated[Array, "B"]
    done: Annotated[Array, "B"]
    log_probs: Annotated[Array, "B"]

    @staticmethod
    def start(tokens: Annotated[Array, "B"], seeds: Annotated[Array, "B"], length: int) -> "Rows":
        """Rows that have read all but their last token and written nothing, to be at most `length` long."""
        B = len(tokens)
        out = np.full((B, length), -1, np.int64)
        tokens = np.array(tokens, np.int64)
        return Rows(tokens, seeds, out, np.zeros(B, np.int64), np.full(B, length == 0), np.zeros(B))

    def select(self, rows: Array) -> "Rows":
        """Some of the rows."""
        return Rows(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def put(self, rows: Array, part: "Rows") -> None:
        """Take back what `select(rows)` gave."""
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(part, field.name)

    def written(self, row: int) -> tuple[int, ...]:
        """The tokens a row has written."""
        return tuple(self.out[row, : self.index[row]].tolist())


def row_seeds(seeds: list[int]) -> Annotated[Array, "B"]:
    """The stream of random numbers of each row, from its seed alone."""
    return np.array([rng.stream(seed) for seed in seeds], np.uint64)


def uniform(seeds: Annotated[Array, "B"], places: Annotated[Array, "B T"]) -> Annotated[Array, "B T"]:
    """Number `place` of each row's stream: float64 in [0, 1) of 52 bits, so that u · total is below total."""
    return (rng.mix(seeds[:, None] + places.astype(np.uint64) * rng.GAMMA) >> np.uint64(12)) * 2.0**-52
