"""Quality on wiki100m: Google analogies after 5 epochs, d100, window 5, negatives 5, subsample 1e-4, lr 0.05,
beside gensim.

Bars at the top 30,000 words: negative sampling ≥ 39.6 %, hierarchical softmax ≥ 33 %. Takes some 3 minutes;
with --gensim some 15 more.
"""

import time

from benchmarks._common import lines, machine, parser, wiki
from seqkit.embeddings.testsets import analogies
from seqkit.embeddings.training.trainer import SkipGram
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab


def gensims(text: str, tree: bool, threads: int) -> Vectors:
    """gensim's vectors for the same settings."""
    from gensim.models import Word2Vec

    kind = {"hs": 1, "negative": 0} if tree else {"hs": 0, "negative": 5}
    model = Word2Vec(
        corpus_file=text,
        vector_size=100,
        window=5,
        sg=1,
        sample=1e-4,
        alpha=0.05,
        epochs=5,
        workers=threads,
        **kind,
    )
    words = model.wv.index_to_key
    return Vectors(Vocab(words, [0] * len(words)), model.wv.vectors)


def main(args: list[str]) -> None:
    """Print a row a model."""
    options = parser(__doc__)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--gensim", action="store_true", help="train gensim's models too")
    options.add_argument("--deterministic", action="store_true", help="train deterministically too")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(args)
    text = lines(wiki(chosen.data))
    corpus = Corpus.build(text)
    sections = analogies.read_questions(chosen.data / "analogy" / "questions-words.txt")
    print(machine())

    def show(name: str, vectors: Vectors, seconds: float) -> None:
        for restrict in (30_000, None):
            r = analogies.evaluate(vectors, sections, restrict=restrict)
            total, low_high = r.total, r.total.interval or (0.0, 0.0)
            print(
                f"{name:38} {restrict or len(vectors):6,} words: semantic {100 * r.semantic.value:.1f} % "
                "syntactic "
                f"{100 * r.syntactic.value:.1f} % total {100 * total.value:.1f} % [{100 * low_high[0]:.1f}, "
                f"{100 * low_high[1]:.1f}] "
                f"of {total.count:,}, {total.missing:,} missing, {seconds:.0f} s",
                flush=True,
            )

    for loss in ("negative-sampling", "hierarchical-softmax"):
        for deterministic in (False, True) if chosen.deterministic else (False,):
            model = SkipGram(
                100,
                loss,
                subsample=1e-4,
                lr=0.05,
                device="cpu",
                threads=chosen.threads,
                seed=chosen.seed,
                deterministic=deterministic,
            )
            started = time.monotonic()
            vectors = model.fit(corpus)
            show(f"seqkit {loss}{', deterministic' * deterministic}", vectors, time.monotonic() - started)
        if chosen.gensim:
            started = time.monotonic()
            vectors = gensims(str(text), loss.startswith("hier"), chosen.threads)
            show(f"gensim {loss}", vectors, time.monotonic() - started)
