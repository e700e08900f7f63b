"""Recipe: WikiText-2 by words, at most 15 million parameters, 245,569 test tokens with </s> (33,278 words,
unknown ones as <unk>).

Bar: test perplexity at most 110 in at most an hour on 2 cores, or minutes on a GPU.
"""

from benchmarks._common import parser
from benchmarks._recipe import options, train

SETTINGS = {
    "hidden_size": 400,
    "embed_dim": 256,
    "num_layers": 2,
    "head": "adaptive-softmax",
    "dropout": 0.35,
    "batch": 32,
    "bptt": 35,
    "optimizer": "adamw",
    "lr": 0.003,
    "weight_decay": 0.1,
    "clip": 1.0,
    "schedule": "cosine",
    "schedule_settings": {"warmup": 0.02},
    "epochs": 4,
    "precision": "bfloat16",
}


def main(args: list[str]) -> None:
    """Train and print."""
    own = options(parser(__doc__))
    chosen = own.parse_args(args)
    paths = [chosen.data / "lm" / "wikitext-2" / f"{part}.txt.gz" for part in ("train", "valid", "test")]
    train("WikiText-2", *paths, "whitespace", chosen, **SETTINGS)
