"""Recipe: tiny Shakespeare by characters, first 90 % for training, last 10 % for validation.

Bars: at most 1.49 nats a character after at most 5 minutes on 2 cores, 1.45 in 20 (--long). A plain torch
LSTM of 2 × 256 reached 1.488 in 4 minutes there.
"""

from benchmarks._common import parser
from benchmarks._recipe import cache, options, train

SHORT = {
    "hidden_size": 256,
    "num_layers": 2,
    "batch": 32,
    "bptt": 64,
    "epochs": 6,
    "lr": 0.004,
    "dropout": 0.2,
    "weight_decay": 0.1,
    "schedule_settings": {"warmup": 0.02},
    "precision": "bfloat16",
}
LONG = SHORT | {"dropout": 0.35, "epochs": 14}


def main(args: list[str]) -> None:
    """Train and print."""
    own = options(parser(__doc__))
    own.add_argument("--long", action="store_true", help="the larger model")
    chosen = own.parse_args(args)
    text = (chosen.data / "lm" / "tinyshakespeare.txt").read_text(encoding="utf-8")
    cut = len(text) * 9 // 10
    parts = [cache() / "shakespeare.train.txt", cache() / "shakespeare.valid.txt"]
    for path, part in zip(parts, (text[:cut], text[cut:]), strict=True):
        path.write_text(part, encoding="utf-8")
    train("tiny Shakespeare", *parts, None, "character", chosen, **(LONG if chosen.long else SHORT))
