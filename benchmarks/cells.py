"""Custom cells beside torch.nn.LSTM, forward and backward. Bars: peephole and layer-norm LSTM at most 1.7
times its time on a CPU at B 32, T 128, H 256, and at most 2.5 times cuDNN's on a GPU. Times are for a whole
layer, input product included.
"""

import statistics

import torch

from benchmarks._common import machine, parser, ratio, timed
from seqkit.core.device import device as find_device
from seqkit.nn.cell import cell, cells


def main(args: list[str]) -> None:
    """Print the times."""
    options = parser(__doc__)
    for name, value in (("--batch", 32), ("--steps", 128), ("--hidden", 256), ("--threads", 2)):
        options.add_argument(name, type=int, default=value)
    options.add_argument("--device", default="cpu")
    options.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    chosen = options.parse_args(args)
    torch.set_num_threads(chosen.threads)
    device = find_device(chosen.device)
    B, T, H = chosen.batch, chosen.steps, chosen.hidden
    x, g = (torch.randn(B, T, H, device=device) for _ in range(2))
    x.requires_grad_()
    peer = torch.nn.LSTM(H, H, batch_first=True).to(device)

    def run(module: torch.nn.Module, **how: str) -> float:
        def both() -> None:
            with torch.autocast(
                device.type, torch.bfloat16, enabled=chosen.precision == "bfloat16" and module is not peer
            ):
                y, _ = module(x, **how)
            y.float().backward(g)
            if device.type == "cuda":
                torch.cuda.synchronize()

        return timed(both)

    ways = [(name, "fused") for name in cells.names()] + [("lstm", "cudnn"), ("gru", "cudnn")]
    print(
        f"{machine()}, torch {torch.__version__}, {device}, {chosen.precision}\nB {B}, T {T}, H {H}, "
        f"{chosen.threads} threads"
    )
    print(f"{'cell':18} {'backend':10} {'ms':>8}   time / torch.nn.LSTM float32")
    for name, backend in ways:
        module = cell(name, H, H).to(device)
        run(module, backend=backend), run(peer)
        pairs = [(run(module, backend=backend), run(peer)) for _ in range(max(7, chosen.repeat))]
        ours, theirs = ([pair[i] for pair in pairs] for i in (0, 1))
        print(f"{name:18} {backend:10} {1e3 * statistics.median(ours):8.1f}   {ratio(ours, theirs)}")
