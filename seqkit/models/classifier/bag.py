"""Texts as the mean or sum of their words' embeddings, then a softmax: the network and its learner.

A kernel trains it on the CPU, whatever the device, because copying to a GPU would take longer.
Several processes each train all of it and end in the same bytes. Not handled: gradient options (the kernel
has AdaGrad), order beyond n-grams.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag, linear

from seqkit.core import rng
from seqkit.core.errors import ModelFileError
from seqkit.core.score import Loss
from seqkit.core.types import Array, Arrays, Floats, Ids
from seqkit.kernels.bag import cpu
from seqkit.kernels.bag.reference import Bag, Drops, Labelled


@dataclass(frozen=True)
class Texts:
    """Texts as rows of the table: text i is rows[starts[i]:starts[i + 1]], to be multiplied by scales[i]."""

    rows: Annotated[Ids, "T"]
    starts: Annotated[Array, "N"]
    scales: Annotated[Floats, "A"]

    def take(self, which: Annotated[Array, "B"]) -> "Texts":
        """Some of the texts, in the order asked for."""
        lengths = np.diff(self.starts)[which]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) + np.repeat(self.starts[:-1][which] - starts[:-1], lengths)
        return Texts(self.rows[places], starts, self.scales[which])


def ngram_hashes(
    ids: Annotated[Ids, "T"], starts: Annotated[Array, "N"], order: int, buckets: int
) -> tuple[Array, Array]:
    """The bucket of every n-gram of 2 to `order` words, and the text that it is from.

    >>> ngram_hashes(np.array([7, 8, 7, 8], np.int32), np.array([0, 2, 4]), 2, 1000)[1]
    array([0, 1])
    """
    text = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    words = ids.astype(np.uint64) + np.uint64(1)
    found, of, hashes = [], [], rng.mix(words)
    for n in range(2, order + 1):
        hashes = rng.mix(hashes[:-1] * rng.GAMMA + words[n - 1 :])
        whole = text[: len(hashes)] == text[n - 1 :]
        found.append((hashes[whole] % np.uint64(buckets)).astype(np.int64))
        of.append(text[: len(hashes)][whole])
    return np.concatenate([*found, np.zeros(0, np.int64)]), np.concatenate([*of, np.zeros(0, np.int64)])


class AveragedNetwork(nn.Module):
    """logits = W h + b,  h = scale · Σ E[row]: E has a row for each word, then one for each n-gram."""

    def __init__(self, rows: int, dim: int, classes: int, seed: int) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(seed)
        self.embedding = nn.Parameter(torch.zeros(rows, dim))
        self.weight = nn.Parameter(torch.empty(classes, dim).uniform_(-1, 1, generator=draw).mul_(dim**-0.5))
        self.bias = nn.Parameter(torch.zeros(classes))
        self.known = np.zeros(rows, bool)

    @torch.no_grad()
    def start(self, matrix: Annotated[Floats, "V D"] | None, known: Annotated[Array, "V"], unk: int) -> None:
        """Begin with pretrained rows; all others, also that of unknown words, begin with 0."""
        if matrix is not None:
            self.embedding[: len(matrix)] = torch.from_numpy(matrix)
            self.known[: len(known)] = known

    def forward(self, texts: Texts) -> Annotated[Tensor, "B C"]:
        """The logits of texts."""
        device = self.bias.device
        rows, starts, scales = (
            torch.from_numpy(x).to(device) for x in (texts.rows, texts.starts[:-1], texts.scales)
        )
        h = embedding_bag(rows.long(), self.embedding, starts.long(), mode="sum") * scales[:, None]
        return linear(h, self.weight, self.bias)


class BagLearner:
    """Trains an AveragedNetwork in place; batches are (texts, labels (B, K)).

    frozen: (rows that do not change, for how many steps); drops: dropout rates of words, and of h.
    """

    def __init__(
        self,
        network: AveragedNetwork,
        heads: Array,
        class_weights: Floats,
        *,
        drops: tuple[float, float],
        seed: int,
        frozen: tuple[Array, float],
    ) -> None:
        parameters = {name: p.detach().numpy() for name, p in network.named_parameters()}
        squares = {f"{name}_squares": np.zeros(len(p), np.float32) for name, p in parameters.items()}
        self.arrays: Arrays = parameters | squares
        sums = tuple(squares[f"{name}_squares"] for name in ("embedding", "weight", "bias"))
        self.bag = Bag(**parameters, squares=sums, heads=heads, class_weights=class_weights)
        self.drops, self.seed, self.frozen, self.steps = drops, seed, frozen, 0

    def step(self, batch: tuple[Texts, Array], lr: float) -> Loss:
        """Train on the texts of a batch, one after the other."""
        texts, labels = batch
        locked, until = self.frozen
        given = Labelled(texts.rows, texts.starts, texts.scales, labels)
        drops = Drops(*self.drops, rng.stream(self.seed, self.steps))
        total, count = cpu.train(given, self.bag, lr, drops, locked if self.steps < until else None)
        self.steps += 1
        return Loss(total, count)

    def state(self) -> Arrays:
        """The parameters, AdaGrad's sums and the number of steps."""
        return self.arrays | {"steps": np.array([self.steps], np.int64)}

    def restore(self, arrays: Arrays) -> None:
        """Take back what `state` gave.

        Raises:  ModelFileError if it is of another model.
        """
        for name, own in self.arrays.items():
            if name not in arrays or arrays[name].shape != own.shape:
                raise ModelFileError(
                    f"classifier.restore: got no {name} of shape {own.shape}, expected one. "
                    "The file is from another model."
                )
            own[:] = arrays[name]
        self.steps = int(arrays["steps"][0])
