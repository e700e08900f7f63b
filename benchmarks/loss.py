"""The loss over a large vocabulary: memory above weights and gradients, and time beside plain cross-entropy.

Bars: V 267,000 and 8,400 tokens in at most 0.5 GB above the weights and their gradients; at V 10,000 at most
1.1 times the time of torch's linear + cross_entropy.
"""

import statistics
import threading
import time

import psutil
import torch
from torch.nn.functional import cross_entropy, linear

from benchmarks._common import machine, parser, ratio, timed
from seqkit.kernels.linear_cross_entropy.chunked import linear_cross_entropy


class Peak:
    """The largest resident memory while it is watched."""

    def __enter__(self) -> "Peak":
        self.process, self.done = psutil.Process(), False
        self.before = self.most = self.process.memory_info().rss
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def _watch(self) -> None:
        while not self.done:
            self.most = max(self.most, self.process.memory_info().rss)
            time.sleep(0.005)

    def __exit__(self, *_: object) -> None:
        self.done = True
        self.thread.join()


def main(args: list[str]) -> None:
    """Print memory and times."""
    options = parser(__doc__)
    options.add_argument("--hidden", type=int, default=256)
    options.add_argument("--threads", type=int, default=2)
    chosen = options.parse_args(args)
    torch.set_num_threads(chosen.threads)
    print(f"{machine()}, torch {torch.__version__}, H {chosen.hidden}, {chosen.threads} threads")

    def problem(N: int, V: int) -> tuple[torch.Tensor, ...]:
        h = torch.randn(N, chosen.hidden, requires_grad=True)
        weight = (torch.randn(V, chosen.hidden) * 0.05).requires_grad_()
        return h, weight, torch.zeros(V, requires_grad=True), torch.randint(0, V, (N,))

    small = problem(64, 1000)
    linear_cross_entropy(*small).backward()  # compile
    for N, V in ((8400, 267_000),):
        h, weight, bias, targets = problem(N, V)
        held = sum(x.numel() for x in (h, weight, bias)) * 4
        with Peak() as peak:
            seconds = timed(lambda: linear_cross_entropy(h, weight, bias, targets).backward())  # noqa: B023
        above = peak.most - peak.before - held  # the gradients are as large as what they are of
        print(
            f"  V {V:,}, {N:,} tokens: {seconds:.1f} s, weights {held / 2**30:.2f} GiB, peak "
            f"{above / 1e9:.2f} GB above "
            f"them and their gradients (all logits would be {4 * N * V / 1e9:.1f} GB)"
        )
        del h, weight, bias, targets
    for low in (False, True):
        h, weight, bias, targets = problem(700, 10_000)

        def ours() -> None:
            with torch.autocast("cpu", torch.bfloat16, enabled=low):  # noqa: B023
                total = linear_cross_entropy(h, weight, bias, targets)  # noqa: B023
            total.backward()

        def plain() -> None:
            cross_entropy(linear(h, weight, bias), targets, reduction="sum").backward()  # noqa: B023

        ours(), plain()
        pairs = [(timed(ours), timed(plain)) for _ in range(max(9, chosen.repeat))]
        times = [[pair[i] for pair in pairs] for i in (0, 1)]
        print(
            f"  V 10,000, 700 tokens, {'bfloat16' if low else 'float32'}: "
            f"{1e3 * statistics.median(times[0]):.1f} ms, plain float32 "
            f"{1e3 * statistics.median(times[1]):.1f} ms, ours / plain {ratio(*times)}"
        )
