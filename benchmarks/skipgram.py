"""Training speed beside gensim's corpus_file: negative sampling at d100 and d300, hierarchical softmax,
threads, deterministic.

Raw words a second over one epoch, vocabulary scan left out on both sides; the runs of a round follow one
another, and the ratios are of pairs within a round. Bars: ≥ 5 × at d100, ≥ 4 × at d300, ≥ 3 × for
hierarchical softmax, 2 threads ≥ 1.8 × 1 thread, deterministic at most 2 × slower.
"""

import statistics

from benchmarks._common import lines, machine, parser, ratio, timed, wiki
from seqkit.embeddings.training.trainer import SkipGram
from seqkit.embeddings.training.window_objective import Block
from seqkit.text.corpus.corpus import Corpus

SETTINGS = {"window": 5, "subsample": 1e-3, "min_count": 5}


def ours(corpus: Corpus, **settings: object) -> float:
    """Raw words a second of one epoch, after a short run that compiles."""
    model = SkipGram(epochs=1, device="cpu", **SETTINGS, **settings)
    model.objective(corpus).step(Block(corpus.ids, corpus.starts, 0, 0, 5000), 0.025)
    objective = model.objective(corpus)
    blocks = objective.batches(corpus, epochs=1)

    def run() -> None:
        for block, _ in blocks.epoch(0):
            objective.step(block, 0.025)

    return corpus.num_tokens / timed(run)


def gensims(text: str, words: int, *, dim: int, tree: bool, threads: int) -> float:
    """Raw words a second of gensim's corpus_file over one epoch."""
    from gensim.models import Word2Vec

    kind = {"hs": 1, "negative": 0} if tree else {"hs": 0, "negative": 5}
    model = Word2Vec(vector_size=dim, window=5, sg=1, min_count=5, sample=1e-3, workers=threads, **kind)
    model.build_vocab(corpus_file=text)
    return words / timed(
        lambda: model.train(corpus_file=text, total_words=words, total_examples=model.corpus_count, epochs=1)
    )


def main(args: list[str]) -> None:
    """Print the table."""
    options = parser(__doc__)
    options.add_argument("--megabytes", type=int, default=100, help="how much of wiki100m")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--only", default="", help="part of the name of what to run, as d300")
    options.add_argument("--alone", action="store_true", help="leave gensim out: threads and modes only")
    chosen = options.parse_args(args)
    text = lines(wiki(chosen.data, chosen.megabytes))
    corpus, threads = Corpus.build(text, threads=chosen.threads), chosen.threads
    print(
        f"{machine()}\n{corpus.num_tokens:,} words of wiki100m, window 5, negatives 5, subsample 1e-3, "
        "min_count 5, 1 epoch"
    )
    for name, dim, loss in (
        ("negative sampling d100", 100, "negative-sampling"),
        ("negative sampling d300", 300, "negative-sampling"),
        ("hierarchical softmax d100", 100, "hierarchical-softmax"),
    ):
        if chosen.only not in name:
            continue
        runs: dict[str, list[float]] = {"fast": [], "one": [], "deterministic": [], "gensim": []}
        for _ in range(chosen.repeat):
            runs["one"].append(ours(corpus, dim=dim, loss=loss, threads=1))
            runs["fast"].append(ours(corpus, dim=dim, loss=loss, threads=threads))
            runs["deterministic"].append(
                ours(corpus, dim=dim, loss=loss, threads=threads, deterministic=True)
            )
            if not chosen.alone:
                peer = gensims(
                    str(text), corpus.num_tokens, dim=dim, tree=loss.startswith("hier"), threads=threads
                )
                runs["gensim"].append(peer)
        print(f"\n{name}, {threads} threads, {chosen.repeat} rounds")
        for what, speeds in runs.items():
            if speeds:
                print(f"  {what:14} {statistics.median(speeds) / 1e3:8,.0f} k words/s")
        if not chosen.alone:
            print(f"  seqkit / gensim             {ratio(runs['fast'], runs['gensim'])}")
        print(f"  {threads} threads / 1 thread        {ratio(runs['fast'], runs['one'])}")
        print(f"  fast / deterministic        {ratio(runs['fast'], runs['deterministic'])}", flush=True)
