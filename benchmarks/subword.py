"""Training with subwords beside gensim's FastText: speed over one epoch, and with --quality what n-grams are
worth.

Skip-gram, d100, window 5, 5 noise words a prediction, n-grams of 3 to 6 characters, 200,000 buckets,
min_count 5, the same threads. Raw words a second, vocabulary scan left out on both sides; the runs of a round
follow one another. --quality (subsample 1e-4, lr 0.05): Google analogies at the top 30,000 words, and
WordSim-353 after every second word of a pair was taken out of training.
"""

import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks._common import lines, machine, parser, ratio, timed, wiki
from seqkit.embeddings.testsets import analogies, similarity
from seqkit.embeddings.training.trainer import SkipGram
from seqkit.embeddings.training.window_objective import Block
from seqkit.embeddings.vectors.subword import SubwordVectors
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.evaluate.metrics.rank_correlation import spearman
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab


def ours(corpus: Corpus, threads: int, **settings: object) -> float:
    """Raw words a second of one epoch, after a short run that compiles."""
    model = SkipGram(loss="subwords", epochs=1, device="cpu", threads=threads, **settings)
    model.objective(corpus).step(Block(corpus.ids, corpus.starts, 0, 0, 5000), 0.025)
    objective = model.objective(corpus)
    blocks = objective.batches(corpus, epochs=1)

    def run() -> None:
        for block, _ in blocks.epoch(0):
            objective.step(block, 0.025)

    return corpus.num_tokens / timed(run)


def gensims(
    text: str, threads: int, *, epochs: int = 1, sample: float = 1e-3, alpha: float = 0.025
) -> tuple[float, Vectors]:
    """Raw words a second of gensim's FastText, and the vectors of its words."""
    from gensim.models import FastText

    model = FastText(
        vector_size=100,
        window=5,
        sg=1,
        negative=5,
        min_count=5,
        bucket=200_000,
        sample=sample,
        alpha=alpha,
        workers=threads,
    )
    model.build_vocab(corpus_file=text)
    words, lines = model.corpus_total_words, model.corpus_count
    seconds = timed(
        lambda: model.train(corpus_file=text, total_words=words, total_examples=lines, epochs=epochs)
    )
    return words * epochs / seconds, Vectors(
        Vocab(model.wv.index_to_key, [0] * len(model.wv)), model.wv.vectors
    )


def quality(data: Path, corpus: Corpus, text: str, threads: int, epochs: int, peer: bool) -> None:
    """Print a row a model."""
    sections = analogies.read_questions(data / "analogy" / "questions-words.txt")
    pairs = similarity.read_pairs(data / "similarity" / "EN-WS-353-ALL.txt")
    hidden = {b for _, b, _ in pairs}
    v = corpus.vocab
    without = Vocab(
        v.tokens,
        [0 if token in hidden else count for token, count in zip(v.tokens, v.counts.tolist(), strict=True)],
        v.specials,
    )

    def show(name: str, vectors: Vectors, seconds: float) -> None:
        r = analogies.evaluate(vectors, sections, restrict=30_000)
        known = similarity.evaluate(vectors, pairs)
        print(
            f"{name:26} semantic {100 * r.semantic.value:.1f} % syntactic {100 * r.syntactic.value:.1f} % "
            f"total {100 * r.total.value:.1f} % "
            f"of {r.total.count:,}; WordSim-353 {known.value:.3f} of {known.count}; {seconds:.0f} s",
            flush=True,
        )

    for loss in ("negative-sampling", "subwords"):
        model = SkipGram(loss=loss, subsample=1e-4, lr=0.05, epochs=epochs, device="cpu", threads=threads)
        started = time.monotonic()
        show(f"seqkit {loss}", model.fit(corpus), time.monotonic() - started)
    if peer:
        started = time.monotonic()
        show(
            "gensim FastText",
            gensims(text, threads, epochs=epochs, sample=1e-4, alpha=0.05)[1],
            time.monotonic() - started,
        )
    vectors = model.fit(Corpus(corpus.ids, corpus.starts, without, {}))
    assert isinstance(vectors, SubwordVectors)
    asked = [(a, b, rating) for a, b, rating in pairs if a in vectors and b not in vectors]
    cosines = np.array([vectors.similarity(a, b) for a, b, _ in asked])
    print(
        "seqkit subwords, one word of a pair never seen: WordSim-353 "
        f"{spearman(cosines, np.array([r for *_, r in asked])):.3f} of {len(asked)}"
    )


def main(args: list[str]) -> None:
    """Print the table."""
    options = parser(__doc__)
    options.add_argument("--megabytes", type=int, default=20, help="how much of wiki100m")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--quality", action="store_true", help="measure quality instead of speed")
    options.add_argument("--epochs", type=int, default=5, help="of --quality")
    options.add_argument("--gensim", action="store_true", help="gensim's quality too")
    chosen = options.parse_args(args)
    text = lines(wiki(chosen.data, chosen.megabytes))
    corpus, threads = Corpus.build(text, threads=chosen.threads), chosen.threads
    print(f"{machine()}\n{corpus.num_tokens:,} words of wiki100m, {threads} threads")
    if chosen.quality:
        quality(chosen.data, corpus, str(text), threads, chosen.epochs, chosen.gensim)
        return
    runs: dict[str, list[float]] = {"skip-gram": [], "deterministic": [], "gensim": []}
    for _ in range(chosen.repeat):
        runs["skip-gram"].append(ours(corpus, threads))
        runs["deterministic"].append(ours(corpus, threads, deterministic=True))
        runs["gensim"].append(gensims(str(text), threads)[0])
    for what, speeds in runs.items():
        print(f"  {what:14} {statistics.median(speeds) / 1e3:8,.0f} k words/s")
    print(f"  seqkit / gensim       {ratio(runs['skip-gram'], runs['gensim'])}")
    print(f"  fast / deterministic  {ratio(runs['skip-gram'], runs['deterministic'])}")
