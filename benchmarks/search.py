"""Search against a grid: how near does each method come to the best of 64 points, and at what share of their
cost?

Bar: halving within 2 % of the grid's best validation loss at no more than 25 % of its cost, with each of 5
seeds. The task is a character GRU on 100 lines of the planted text; a trial takes about a third of a second
of one core. --out keeps the searches, and a run that was stopped goes on with them.
"""

import tempfile
from pathlib import Path

from benchmarks._common import machine, parser
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.codec import Codec
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.readers.catalogue import shipped
from seqkit.tuning.tune import tune

MODEL = {
    "cell": "gru",
    "num_layers": 1,
    "hidden_size": 32,
    "epochs": 9,
    "batch": 32,
    "bptt": 32,
    "threads": 1,
}
SPACE = {"lr": "1e-3..1:log", "beta1": "0.5..0.99:log-below-1"}
TRIALS = {"halving": 54, "coarse-to-fine": 15, "random": 15}
SEEDS = range(1, 6)


def task() -> tuple[Corpus, Corpus]:
    """The text to train on and the text to compare trials by."""
    lines = (shipped("planted") / "text.txt").read_text(encoding="utf-8").splitlines()
    corpus = Corpus.build(lines[:100], "character", add_eos=True)
    return corpus, Codec.of(corpus).corpus(lines[1000:1060])


def main(args: list[str]) -> None:
    """Search and print."""
    options = parser(__doc__)
    options.add_argument("--out", type=Path)
    options.add_argument("--methods", nargs="*", default=list(TRIALS))
    chosen = options.parse_args(args)
    out = chosen.out or Path(tempfile.mkdtemp())
    corpus, valid = task()
    model = LanguageModel(**MODEL)
    grid = tune(
        model,
        SPACE,
        corpus,
        valid=valid,
        out=out / "grid",
        trials=64,
        method="grid",
        method_settings={"points": 8},
    )
    print(f"{machine()}\n{corpus.num_tokens:,} and {valid.num_tokens:,} tokens, {MODEL}\n{SPACE}", flush=True)
    print(
        f"grid, 8 x 8: best {grid.best.value:.4f} nats, {grid.best.settings}, {grid.units:,} tokens trained",
        flush=True,
    )
    for method in chosen.methods:
        for seed in SEEDS:
            found = tune(
                model,
                SPACE,
                corpus,
                valid=valid,
                out=out / f"{method}-{seed}",
                trials=TRIALS[method],
                method=method,
                seed=seed,
            )
            print(
                f"  {method:14} seed {seed}: best {found.best.value:.4f}, "
                f"{100 * (found.best.value / grid.best.value - 1):+.1f} % "
                f"of the grid's, at {100 * found.units / grid.units:.1f} % of its cost; "
                f"{found.best.settings}",
                flush=True,
            )
