"""The averaged classifier's speed beside scikit-learn's SGD on TF-IDF, from texts to a trained model and from
texts to labels.

Bars: predicts at least 20,000 sentences a second on 2 cores; trains at least as fast as scikit-learn. SST-2's
training sentences, `--copies` times; each run after a warm one that loads and compiles; processor time, so
that a busy machine changes little, and wall time.
"""

import time
from collections.abc import Callable
from pathlib import Path

from benchmarks._classify import part
from benchmarks._common import machine, parser, ratio
from seqkit.models.classifier.model import TextClassifier


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Seconds of processor and of wall."""
    busy, started = time.process_time(), time.perf_counter()
    call()
    return time.process_time() - busy, time.perf_counter() - started


def main(args: list[str]) -> None:
    """Print times and their ratios."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline

    options = parser(__doc__)
    options.add_argument("--copies", type=int, default=1, help="how many times the sentences are taken")
    options.add_argument("--threads", type=int, default=2)
    chosen = options.parse_args(args)
    files: Path = chosen.data / "sentiment" / "sst"
    (texts, y), test = part(files / "stsa.binary.train"), part(files / "stsa.binary.test")
    texts, y = list(texts) * chosen.copies, y * chosen.copies
    ours = TextClassifier(unit="whitespace", threads=chosen.threads)
    theirs = make_pipeline(TfidfVectorizer(), SGDClassifier(loss="log_loss", random_state=0))
    rows = {"train": ([], []), "predict": ([], [])}
    for model in (ours, theirs):
        model.fit(texts, y).predict(texts)  # warm
    for _ in range(chosen.repeat):
        for model, place in ((ours, 0), (theirs, 1)):
            rows["train"][place].append(timed(lambda model=model: model.fit(texts, y)))
            rows["predict"][place].append(timed(lambda model=model: model.predict(texts)))
    print(
        f"{machine()}, {chosen.threads} threads; {len(texts):,} sentences, {ours.fit_options.epochs} epochs"
    )
    print(
        f"accuracy on test: seqkit {100 * ours.score(*test):.2f}, scikit-learn "
        f"{100 * theirs.score(*test):.2f}"
    )
    for name, pair in rows.items():
        for kind, clock in (("processor", 0), ("wall", 1)):
            mine, others = ([run[clock] for run in side] for side in pair)
            print(
                f"  {name:8} {kind:9} seqkit {min(mine):.3f} s ({len(texts) / min(mine):,.0f} sentences/s), "
                "scikit-learn "
                f"{min(others):.3f} s; scikit-learn / seqkit {ratio(others, mine)}"
            )
