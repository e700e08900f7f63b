"""Rater: a number for a text (stars of a review); train, predict, save and load. File: seqkit/models/rater/model.py."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, Unpack

import numpy as np
import torch

from seqkit.core import options
from seqkit.core.errors import ShapeError
from seqkit.core.types import Array, Arrays
from seqkit.models.base import Model, Options, Run
from seqkit.models.rater.network import Batch, RaterNetwork
from seqkit.models.rater.options import SETTINGS
from seqkit.text.batches.buckets import Buckets, by_length
from seqkit.text.batches.streams import padded
from seqkit.text.codec import Codec
from seqkit.train.world import World

STEPS = 4096  # tokens that are rated at once, with padding


@dataclass(frozen=True)
class Fitted:
    """The codec of the texts."""

    codec: Codec

    def network(self, o: Options) -> RaterNetwork:
        """The untrained network."""
        return RaterNetwork(len(self.codec.vocab), o["recurrent"], o["rater"])

    def to_arrays(self) -> Arrays:
        """The vocabulary."""
        return self.codec.to_arrays()

    def to_json(self) -> dict[str, Any]:
        """The rest of the codec."""
        return {"codec": self.codec.to_json()}

    @classmethod
    def from_arrays(cls, arrays: Arrays, meta: Mapping[str, Any], o: Options) -> Self:
        """What to_arrays and to_json gave."""
        return cls(Codec.load(arrays, meta["codec"]))


class Rater(Model[Fitted]):
    """Gives each text a number; settings by name, as models.rater.options lists them."""

    kind = "rater"
    settings = SETTINGS
    record = Fitted

    def fit(
        self,
        X: Sequence[str],
        y: Sequence[float],
        *,
        valid: tuple[Sequence[str], Sequence[float]] | None = None,
        **run: Unpack[Run],
    ) -> Self:
        """Train on texts X and numbers y; with `valid` keep the epoch with the least squared error there."""
        if len(X) != len(y):
            raise ShapeError(f"rater: got {len(X):,} texts and {len(y):,} numbers, expected as many.")
        fitted = Fitted(Codec.learn(X, **options.to_json(self.options["text"])))
        network, world = self._build(fitted), run.get("world") or World()
        rows, numbers = [fitted.codec.encode(text) for text in X], np.array(y, np.float32)

        def batch(chosen: Array, part: tuple[int, int] | None) -> Batch:
            return Batch(*padded([rows[i] for i in chosen]), numbers[chosen], part)

        batches = Buckets(
            np.array([len(row) for row in rows]),
            self.fit_options.batch,
            batch,
            self._signature(X, y),
            seed=self.options["recurrent"].seed,
            part=(world.rank, world.size),
        )

        def validate() -> float:
            texts, wanted = valid or ((), ())
            return float(np.square(self._predict(network, fitted, texts) - np.array(wanted)).mean())

        self._learn(fitted, network, batches, validate=validate if valid else None, **run)
        return self

    def predict(self, X: Sequence[str]) -> Array:
        """The number of each text."""
        return self._predict(self.network, self.fitted, X)

    @torch.no_grad()
    def _predict(self, network: RaterNetwork, fitted: Fitted, X: Sequence[str]) -> Array:
        found = np.zeros(len(X), np.float32)
        for chosen, batch in self._groups(fitted, X):
            found[chosen] = network(batch).float().cpu().numpy()
        return found

    def _groups(self, fitted: Fitted, X: Sequence[str]) -> Iterator[tuple[Array, Batch]]:
        rows = [fitted.codec.encode(text) for text in X]
        for chosen in by_length(np.array([len(row) for row in rows]), STEPS):
            yield chosen, Batch(*padded([rows[i] for i in chosen]), np.zeros(len(chosen), np.float32))
