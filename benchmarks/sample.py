"""Sampling speed: characters a second of a 2 × 256 LSTM over 65 characters, 32 rows and 1 row, beside a plain
torch loop.

The peer is what tutorials write: torch.nn.LSTM one step at a time, softmax, torch.multinomial. Weights are
the same; the runs of a round follow one another, the faster of two counts, ratios are of pairs within a
round. Bars on 2 cores with AVX-512: ≥ 60,000 characters/s at 32 rows, ≥ 4,000 at 1 row.
"""

import statistics
from collections.abc import Callable

import numpy as np
import torch

from benchmarks._common import machine, parser, ratio, timed
from seqkit.core.device import threads as all_threads
from seqkit.models.language_model.network import Network
from seqkit.models.language_model.sampling import sample
from seqkit.nn.torch_weights import to_torch
from seqkit.text.codec import Codec
from seqkit.text.corpus.worker import Recipe
from seqkit.text.normalize import Normalizer
from seqkit.text.tokenizer import tokenizer
from seqkit.text.vocab import Vocab

CHARACTERS = 65


def model() -> tuple[Network, Codec]:
    """An untrained model: speed does not depend on what was learnt."""
    tokens = ["</s>", *(chr(33 + i) for i in range(CHARACTERS - 1))]
    vocab = Vocab(tokens, np.ones(CHARACTERS, np.int64), {"eos": 0})
    network = Network.of(CHARACTERS, hidden_size=256, num_layers=2).eval()
    return network, Codec(Recipe(tokenizer("character"), Normalizer(), add_eos=True), vocab)


@torch.inference_mode()
def peer(lstm: torch.nn.RNNBase, network: Network, rows: int, length: int) -> list[list[int]]:
    """The plain loop."""
    tokens, state, out = torch.zeros(rows, 1, dtype=torch.int64), None, []
    for _ in range(length):
        y, state = lstm(network.embedding[tokens], state)
        logits = torch.nn.functional.linear(y[:, 0], network.embedding, network.head.bias)
        tokens = torch.multinomial(torch.softmax(logits, -1), 1)
        out.append(tokens[:, 0])
    found: list[list[int]] = torch.stack(out, 1).tolist()
    return found


def fastest(call: Callable[[int], object], length: int) -> float:
    """Seconds of the faster of two runs."""
    return min(
        timed(lambda: call(length)) for _ in range(2)
    )  # threads that start are not at full speed at once


def main(args: list[str]) -> None:
    """Print the rates."""
    options = parser(__doc__)
    options.add_argument(
        "--threads", type=int, default=None, help="of the compiled loop and of torch; all cores if not given"
    )
    chosen = options.parse_args(args)
    torch.set_num_threads(all_threads(chosen.threads))
    network, codec = model()
    lstm = to_torch(network.stack).eval()
    rounds = max(chosen.repeat, 9)
    print(
        f"{machine()}, torch {torch.__version__}\nLSTM 2 × 256, {CHARACTERS} characters, "
        f"{all_threads(chosen.threads)} threads, {rounds} rounds"
    )
    for rows, length in ((32, 1920), (1, 2560)):

        def mine(length: int, rows: int = rows) -> str:
            return sample(network, codec, seeds=range(rows), length=length, threads=chosen.threads)[0].backend

        def other(length: int, rows: int = rows) -> None:
            peer(lstm, network, rows, length)

        backend = mine(64)
        other(16)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(rows * length / fastest(mine, length))
            theirs.append(rows * (length // 16) / fastest(other, length // 16))
        print(f"\n{rows} row{'s' if rows > 1 else ''}, {length} characters each, {backend}")
        print(f"  seqkit          {statistics.median(ours):9,.0f} characters/s (best {max(ours):,.0f})")
        print(f"  torch loop      {statistics.median(theirs):9,.0f} characters/s (best {max(theirs):,.0f})")
        print(f"  seqkit / torch  {ratio(ours, theirs)}", flush=True)
