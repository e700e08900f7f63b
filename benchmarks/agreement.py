"""Planted agreement: who can tell the verb's number from a noun up to 45 words before it, all words between
saying nothing?

Bars: at distance 12 and more LSTM and GRU at least 95 %, the plain RNN clearly less, a bigram model at
chance. Trains on corpora/planted/agreement.long.txt, all cells with the same settings at each rate. --plot
draws the picture of the documentation.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

from benchmarks._common import machine, parser
from seqkit.models.language_model.minimal_pairs import Pair, compare, read_pairs
from seqkit.models.language_model.model import LanguageModel
from seqkit.report.figure import BLUE, GREEN, GREY, ORANGE, figure
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.ngram_lm import NGram
from seqkit.text.readers.catalogue import shipped

SETTINGS = {"hidden_size": 96, "num_layers": 1, "epochs": 40, "batch": 8, "bptt": 60, "threads": 1}
LOOKS = {"bigram": (GREY, "x"), "rnn": (ORANGE, "s"), "gru": (GREEN, "^"), "lstm": (BLUE, "o")}


def by_distance(
    score: Callable[[Sequence[str]], Sequence[tuple[float, int]]], pairs: list[Pair]
) -> dict[int, list[bool]]:
    """Right or wrong of every pair, by the words between noun and verb."""
    found: dict[int, list[bool]] = defaultdict(list)
    for one in compare(score, pairs):
        found[int(one.pair.group)].append(one.right)
    return dict(sorted(found.items()))


def main(args: list[str]) -> None:
    """Train, print and draw."""
    options = parser(__doc__)
    options.add_argument("--plot", type=Path)
    options.add_argument("--cells", nargs="*", default=["rnn", "gru", "lstm"])
    options.add_argument("--rates", nargs="*", type=float, default=[0.005, 0.001])
    chosen = options.parse_args(args)
    folder = shipped("planted")
    corpus = Corpus.build(folder / "agreement.long.txt", add_eos=True)
    pairs = read_pairs(folder / "agreement.long.tsv", group="distance")
    results = {"bigram": by_distance(NGram(corpus, 2).scores, pairs)}
    for cell, lr in product(chosen.cells, chosen.rates):
        model = LanguageModel(cell=cell, lr=lr, **SETTINGS).fit(corpus)
        scores = by_distance(lambda texts: [(s.log_prob, s.unknown) for s in model.score(texts)], pairs)  # noqa: B023
        results[f"{cell}, lr {lr:g}"] = scores
    distances = list(results["bigram"])
    print(f"{machine()}\n{SETTINGS}\naccuracy by words between noun and verb, {len(pairs):,} pairs")
    print(" " * 18 + "".join(f"{d:>7}" for d in distances) + "    ≥ 12")
    for name, rows in results.items():
        far = [right for d, row in rows.items() if d >= 12 for right in row]
        print(
            f"  {name:16}"
            + "".join(f"{100 * sum(row) / len(row):7.1f}" for row in rows.values())
            + f"{100 * sum(far) / len(far):8.1f}"
        )
    if chosen.plot:
        with figure(chosen.plot) as axes:
            for name, rows in results.items():
                colour, marker = LOOKS[name.partition(",")[0]]
                style = "--" if name.endswith(f"lr {chosen.rates[-1]:g}") else "-"
                values = [100 * sum(r) / len(r) for r in rows.values()]
                axes.plot(distances, values, color=colour, marker=marker, linestyle=style, label=name)
            axes.axhline(50, color=GREY, linewidth=1, linestyle=":")
            axes.set_xlabel("words between noun and verb")
            axes.set_ylabel("right verb likelier (%)")
            axes.set_ylim(35, 103)
            axes.set_xticks(distances)
            axes.legend(loc="center right")
