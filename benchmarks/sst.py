"""SST-2, sentences alone: the ladder over three seeds with vectors of wiki100m, and with a language model trained before.

Bars: averaged at least 81.0 %, recurrent at least 83.0 % and above it, at most 10 minutes of one core each; with --from-lm at
least 85 %. Settings and epochs were chosen on dev; test is scored once. --fine: the five classes of the same sentences.
"""

from pathlib import Path
from typing import Any

from benchmarks._classify import head, options, over_seeds, part
from benchmarks._wiki_vectors import wiki_vectors
from seqkit.models.classifier import TextClassifier
from seqkit.models.ladder import ladder
from seqkit.models.language_model import LanguageModel

COMMON: dict[str, Any] = {"unit": "whitespace"}
AVERAGED = COMMON | {"lr": 0.1, "epochs": 5, "word_dropout": 0.3}
RECURRENT = COMMON | {
    "reader": "recurrent", "hidden_size": 100, "dropout": 0.5, "word_dropout": 0.1, "lr": 0.001, "epochs": 6, "freeze": 1.0,
}  # fmt: skip
FROM_LM = RECURRENT | {"freeze": 99.0}


def main(args: list[str]) -> None:
    """Print a row a model."""
    made = options(__doc__)
    made.add_argument("--from-lm", type=Path, help="a folder of seqkit lm train: its states are read too")
    made.add_argument("--fine", action="store_true", help="five classes instead of two")
    made.add_argument("--only", nargs="*", default=["simple", "averaged", "bigrams", "recurrent"])
    chosen = made.parse_args(args)
    files = chosen.data / "sentiment" / "sst"
    train, dev, test = (part(files / f"stsa.{'fine' if chosen.fine else 'binary'}.{name}") for name in ("train", "dev", "test"))
    settings = {"averaged": AVERAGED, "bigrams": AVERAGED | {"ngrams": 2}, "recurrent": RECURRENT}
    if chosen.from_lm:
        settings["from a language model"] = FROM_LM
    wanted = {
        name: own | {"threads": chosen.threads}
        for name, own in settings.items()
        if name in [*chosen.only, "from a language model"]
    }
    head(wanted)
    given = wiki_vectors(chosen, 300)
    if "simple" in chosen.only:
        pair = [TextClassifier(**COMMON, epochs=1), TextClassifier(**COMMON, epochs=1)]
        for rung in ladder(train, test, pair, lambda model: model.fit(*train), part="test").rungs[:2]:
            print(f"  {rung.name:34} test {100 * rung.accuracy.value:6.2f}")
    lm = LanguageModel.load(chosen.from_lm) if chosen.from_lm else None
    best = {}
    for name, own in wanted.items():
        more = {"lm": lm} if name == "from a language model" else {}
        found, model = over_seeds(name, chosen.seeds, train, dev, test, own, vectors=given, **more)
        best[name] = sum(found.test) / len(found.test)
        print(f"  {'':34} coverage {model.coverage:.4f}, unknown words of test {model.unknown(test[0]):,}")
    if "averaged" in best and "recurrent" in best and best["recurrent"] <= best["averaged"]:
        print("the recurrent network does not beat the averaged vectors")
