"""SST-2, sentences alone: the ladder over three seeds with vectors of wiki100m, and with a language model
trained before.

Bars: averaged at least 81.0 %, recurrent at least 83.0 % and above it, at most 10 minutes of one core each;
with --from-lm at least 85 %: a language model of nltk's movie_reviews (1.6 M words) and the training
sentences, labels unread, whose layers are then tuned. Settings and epochs were chosen on dev; test is scored
once. --fine: the five classes of the same sentences.
"""

import math
import random
import time
import zipfile
from pathlib import Path
from typing import Any

from benchmarks._classify import head, options, over_seeds, part
from benchmarks._wiki_vectors import wiki_vectors
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.classifier.baselines import simple
from seqkit.models.classifier.model import TextClassifier
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.codec import Codec
from seqkit.text.corpus.corpus import Corpus

COMMON: dict[str, Any] = {"unit": "whitespace"}
AVERAGED = COMMON | {"lr": 0.05, "epochs": 5, "word_dropout": 0.3}
RECURRENT = COMMON | {
    "reader": "recurrent",
    "hidden_size": 100,
    "dropout": 0.6,
    "word_dropout": 0.1,
    "lr": 0.002,
    "epochs": 6,
}
FROM_LM = RECURRENT | {
    "unit": "word",
    "pooling": "all",
    "dropout": 0.5,
    "lr": 0.001,
    "epochs": 4,
    "freeze": 1.0,
}
LM: dict[str, Any] = {
    "hidden_size": 512,
    "embed_dim": 300,
    "num_layers": 1,
    "head": "adaptive-softmax",
    "dropout": 0.4,
    "batch": 32,
    "bptt": 35,
    "optimizer": "adamw",
    "lr": 0.003,
    "weight_decay": 0.1,
    "clip": 1.0,
    "schedule_settings": {"warmup": 0.02},
    "epochs": 5,
    "precision": "bfloat16",
}


def pretrained(folder: Path, data: Path, sentences: list[str], given: Vectors, threads: int) -> LanguageModel:
    """The language model in `folder`; if none is there, it is trained and kept. 500 of the sentences choose
    the epoch.
    """
    if not folder.exists():
        with zipfile.ZipFile(data / "nltk_data" / "corpora" / "movie_reviews.zip") as archive:
            names = sorted(name for name in archive.namelist() if name.endswith(".txt"))
            lines = [
                line.strip() for name in names for line in archive.read(name).decode("latin-1").split("\n")
            ]
        own = list(sentences)
        random.Random(1).shuffle(own)
        corpus = Corpus.build([*filter(None, lines), *own[500:]], "word", min_count=3, add_eos=True)
        valid = Codec.of(corpus).corpus(own[:500])
        started = time.process_time()
        model = LanguageModel(threads=threads, device="cpu", **LM).fit(corpus, valid=valid, vectors=given)
        model.save(folder)
        loss = min(e.validation or 0.0 for e in model.history)
        print(
            f"language model: {corpus.num_tokens:,} tokens, {len(corpus.vocab):,} words, "
            f"{model.num_parameters:,} parameters, "
            f"perplexity {math.exp(loss):.1f} on 500 training sentences, "
            f"{time.process_time() - started:,.0f} s of processor",
            flush=True,
        )
    return LanguageModel.load(folder)


def main(args: list[str]) -> None:
    """Print a row a model."""
    made = options(__doc__)
    made.add_argument(
        "--from-lm",
        type=Path,
        help="a language model whose states are read too; trained into this folder if it is not there",
    )
    made.add_argument("--fine", action="store_true", help="five classes instead of two")
    made.add_argument("--only", nargs="*", default=["simple", "averaged", "bigrams", "recurrent"])
    chosen = made.parse_args(args)
    files = chosen.data / "sentiment" / "sst"
    train, dev, test = (
        part(files / f"stsa.{'fine' if chosen.fine else 'binary'}.{name}")
        for name in ("train", "dev", "test")
    )
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
        for rung in simple(train, test, TextClassifier(**COMMON).options, part="test"):
            print(f"  {rung.name:34} test {100 * rung.accuracy.value:6.2f}")
    lm = (
        pretrained(chosen.from_lm, chosen.data, list(train[0]), given, chosen.threads)
        if chosen.from_lm
        else None
    )
    best = {}
    for name, own in wanted.items():
        more = {"lm": lm} if name == "from a language model" else {}
        found, model = over_seeds(name, chosen.seeds, train, dev, test, own, vectors=given, **more)
        best[name] = sum(found.test) / len(found.test)
        print(f"  {'':34} coverage {model.coverage:.4f}, unknown words of test {model.unknown(test[0]):,}")
    if "averaged" in best and "recurrent" in best and best["recurrent"] <= best["averaged"]:
        print("the recurrent network does not beat the averaged vectors")
