"""A language model small enough to run in a millisecond, with all that a learner must keep: carry, dropout, ties, buffers."""

import numpy as np
import torch

from seqkit.core import rng


class Batch:
    """Ids and targets (B, T); `first` where a text begins, so that no state comes from before."""

    def __init__(self, ids, targets, *, first, low=0):
        self.ids, self.targets, self.first, self.low = (
            torch.from_numpy(ids),
            torch.from_numpy(targets),
            first,
            low,
        )


class Streams:
    """`rows` parallel streams of `length` tokens, cut into windows of 5; a world's part of the rows, None if that is empty.

    ragged: the last batch is a text of its own, with one row.
    """

    def __init__(self, *, rows=4, length=23, vocab=11, world=None, ragged=False):
        self.ids = np.random.default_rng(1).integers(0, vocab, (rows, length + 1))
        self.world, self.ragged, self.length = world, ragged, length
        self.size, self.signature = rows * length, {"rows": rows, "length": length}

    def epoch(self, number, skip=0):
        for start in range(0, self.length, 5)[skip:]:
            stop = min(start + 5, self.length)
            last = self.ragged and stop == self.length
            rows = 1 if last else len(self.ids)
            part = self.world.part(rows) if self.world else slice(0, rows)
            ids = self.ids[:rows][part]
            batch = Batch(
                ids[:, start:stop], ids[:, start + 1 : stop + 1], first=start == 0 or last, low=part.start
            )
            yield (batch if len(ids) else None), rows * (stop - start)


class Tiny(torch.nn.Module):
    """Tied embedding, one tanh cell; dropout drawn from (seed, step, row)."""

    def __init__(self, *, vocab=11, size=6, dropout=0.3, seed=3, carry_dtype=torch.float32):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.embedding = torch.nn.Embedding(vocab, size)
        self.cell = torch.nn.Linear(2 * size, size)
        self.out = torch.nn.Linear(size, vocab)
        for p in self.parameters():
            p.data = torch.randn(p.shape, generator=generator) * 0.3
        self.out.weight = self.embedding.weight
        self.out.bias.requires_grad_(False)
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))
        self.size, self.dropout, self.carry_dtype, self.steps = size, dropout, carry_dtype, []

    def loss(self, batch, carry, step):
        self.calls += 1
        self.steps.append(step)
        rows = batch.ids.shape[0]
        h = torch.zeros(rows, self.size) if batch.first or carry is None else carry[0].float()
        x = self.embedding(batch.ids)
        if self.training and self.dropout:
            draws = [rng.uniform(rng.stream(5, step, batch.low + row), (self.size,)) for row in range(rows)]
            x = (
                x
                * torch.from_numpy((np.stack(draws) >= self.dropout) / np.float32(1 - self.dropout))[:, None]
            )
        hidden = []
        for t in range(batch.ids.shape[1]):
            h = torch.tanh(self.cell(torch.cat([x[:, t], h], -1)))
            hidden.append(h)
        hidden = torch.stack(hidden, 1)
        total = torch.nn.functional.cross_entropy(
            self.out(hidden).flatten(0, 1).float(), batch.targets.flatten(), reduction="sum"
        )
        return (
            total,
            batch.targets.numel(),
            (hidden[:, -1].to(self.carry_dtype),),
        )  # a view, as a careless module gives
