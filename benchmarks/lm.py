"""Training speed of a language model beside PyTorch's word_language_model at its own setting.

The peer is that example's model and loop: 2 × 200 LSTM, tied, dropout 0.2, V 10,000, 20 streams, 35 steps,
SGD with clipping at 0.25. Bars: not slower in float32; at least 1.3 times as fast in the fastest mode
(bfloat16 products). Both train on the same random ids; rounds are interleaved.
"""

import statistics
from itertools import islice

import numpy as np
import torch
from torch import nn

from benchmarks._common import machine, parser, ratio, timed
from seqkit.models.language_model.network import Network
from seqkit.text.batches.streams import bptt_streams
from seqkit.train.gradient.learner import GradientLearner
from seqkit.train.gradient.options import GradientOptions

V, D, B, T, STEPS = 10_000, 200, 20, 35, 12


class Peer(nn.Module):
    """pytorch/examples word_language_model, model.py."""

    def __init__(self) -> None:
        super().__init__()
        self.drop, self.encoder = nn.Dropout(0.2), nn.Embedding(V, D)
        self.rnn, self.decoder = nn.LSTM(D, D, 2, dropout=0.2), nn.Linear(D, V)
        self.decoder.weight = self.encoder.weight

    def forward(
        self, ids: torch.Tensor, hidden: tuple[torch.Tensor, torch.Tensor]
    ) -> tuple[torch.Tensor, tuple]:
        """(T, B) ids to log-probabilities."""
        output, hidden = self.rnn(self.drop(self.encoder(ids)), hidden)
        return torch.log_softmax(self.decoder(self.drop(output)).view(-1, V), 1), hidden


def main(args: list[str]) -> None:
    """Print tokens a second."""
    options = parser(__doc__)
    options.add_argument("--threads", type=int, default=2)
    chosen = options.parse_args(args)
    torch.set_num_threads(chosen.threads)
    ids = np.random.default_rng(0).integers(0, V, B * T * (STEPS + 1)).astype(np.int32)
    windows = list(islice(bptt_streams(ids, B, T), STEPS))
    peer = Peer()

    def theirs() -> None:
        hidden = (torch.zeros(2, B, D), torch.zeros(2, B, D))
        for window in windows:
            data, targets = (torch.from_numpy(x).long().t() for x in (window.input, window.target))
            hidden = tuple(h.detach() for h in hidden)
            peer.zero_grad()
            output, hidden = peer(data, hidden)
            nn.functional.nll_loss(output, targets.reshape(-1)).backward()
            nn.utils.clip_grad_norm_(peer.parameters(), 0.25)
            for p in peer.parameters():
                p.data.add_(p.grad, alpha=-20.0)

    def learner(precision: str) -> GradientLearner:
        network = Network.of(V, hidden_size=D, num_layers=2, dropout=0.2).train()
        return GradientLearner(network, GradientOptions(optimizer="sgd", clip=0.25, precision=precision))

    ours = {precision: learner(precision) for precision in ("float32", "bfloat16")}

    def run(one: GradientLearner) -> None:
        for window in windows:
            one.step(window, 20.0)

    times: dict[str, list[float]] = {"peer": [], "float32": [], "bfloat16": []}
    for round_number in range(max(5, chosen.repeat) + 1):
        seconds = {"peer": timed(theirs), **{name: timed(lambda: run(one)) for name, one in ours.items()}}  # noqa: B023
        if round_number:  # the first compiles
            for name, value in seconds.items():
                times[name].append(value)
    print(
        f"{machine()}, torch {torch.__version__}\ntied 2 × {D} LSTM, V {V:,}, B {B}, T {T}, "
        f"{chosen.threads} threads"
    )
    for name, values in times.items():
        print(
            f"  {name:9} {B * T * STEPS / statistics.median(values):8,.0f} tokens/s   speed / peer "
            f"{ratio(times['peer'], values)}"
        )
