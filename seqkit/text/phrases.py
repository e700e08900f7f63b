"""Phrases: pairs of words that occur together more often than by chance become one token, new_york.

Not handled: phrases with gaps; joining across sentence ends.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from seqkit.core.errors import OptionError
from seqkit.core.types import Array
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab

SCORES = {"word2phrase": 100.0, "npmi": 0.5}  # and their usual thresholds
JOIN = "_"
BLOCK = 1 << 24  # pairs sorted at a time


@dataclass(frozen=True)
class Phrase:
    """A joined pair as one text, how often it occurred, and its score."""

    text: str
    count: int
    score: float


def find_phrases(
    corpus: Corpus,
    *,
    score: str = "word2phrase",
    threshold: float | None = None,
    min_count: int = 5,
    passes: int = 1,
    connectors: tuple[str, ...] = (),
) -> tuple[Corpus, list[Phrase]]:
    """Join pairs (a, b) with c_ab ≥ min_count and score > threshold; return the new corpus and the phrases.

    The phrases with the highest scores come first.

    word2phrase = (c_ab - δ) / (c_a c_b) · N,  δ = min_count        npmi = ln(p_ab / (p_a p_b)) / -ln p_ab

    N is the number of tokens. Pairs are joined from left to right; of overlapping ones the first wins. A
    second pass joins phrases in turn, at half the threshold for word2phrase as its authors advise. Words in
    `connectors` and unknown words are never joined.
    Source:  Mikolov et al. 2013, arXiv:1310.4546 eq. 6; Bouma 2009.
    """
    if score not in SCORES:
        raise OptionError(f"phrases: unknown score {score!r}; known: {', '.join(SCORES)}.")
    if passes < 1 or min_count < 1:
        raise OptionError(
            f"phrases: got passes {passes} and min_count {min_count}, expected at least 1 for both."
        )
    limit = SCORES[score] if threshold is None else threshold
    kind: Literal["word2phrase", "npmi"] = "npmi" if score == "npmi" else "word2phrase"
    found: list[Phrase] = []
    for _ in range(passes):
        corpus, new = _join(corpus, kind, limit, min_count, set(connectors))
        found += new
        limit = limit / 2 if kind == "word2phrase" else limit
    return corpus, sorted(found, key=lambda phrase: -phrase.score)


def _join(
    corpus: Corpus, kind: str, limit: float, min_count: int, connectors: set[str]
) -> tuple[Corpus, list[Phrase]]:
    ids, size = np.asarray(corpus.ids), len(corpus.vocab)
    barred = np.zeros(size, bool)
    barred[
        [*corpus.vocab.specials.values(), *(corpus.vocab.index[w] for w in connectors if w in corpus.vocab)]
    ] = True
    free = np.ones(max(len(ids) - 1, 0), bool)  # place i: the pair (i, i + 1) stands in one sentence
    free[corpus.starts[1:-1][(corpus.starts[1:-1] > 0) & (corpus.starts[1:-1] < len(ids))] - 1] = False
    free &= ~(barred[ids[:-1]] | barred[ids[1:]])
    keys, counts = _count_pairs(ids, free, size)
    counts_of = np.bincount(ids, minlength=size).astype(np.float64)
    a, b = counts_of[keys // size], counts_of[keys % size]
    if kind == "word2phrase":
        scores = (counts - min_count) / (a * b) * len(ids)
    else:
        p = counts / len(ids)
        scores = np.log(p * len(ids) / a * (len(ids) / b)) / np.where(p < 1, -np.log(p), math.inf)
    good = (counts >= min_count) & (scores > limit)
    keys, counts, scores = keys[good], counts[good], scores[good]
    if not len(keys):
        return corpus, []
    places = _chosen(ids, free, keys, size)
    tokens = [
        corpus.vocab.tokens[key // size] + JOIN + corpus.vocab.tokens[key % size] for key in keys.tolist()
    ]
    phrases = [Phrase(*row) for row in zip(tokens, counts.tolist(), scores.tolist(), strict=True)]
    return _rewrite(corpus, ids, places, np.searchsorted(keys, _keys(ids, places, size)), tokens), phrases


def _keys(ids: Array, places: Array, size: int) -> Array:
    return ids[places].astype(np.int64) * size + ids[places + 1]


def _count_pairs(ids: Array, free: Array, size: int) -> tuple[Array, Array]:
    """Every pair as first · V + second, sorted, with its count; merged block by block."""
    keys, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    for start in range(0, len(free), BLOCK):
        new, number = np.unique(
            _keys(ids, start + np.flatnonzero(free[start : start + BLOCK]), size), return_counts=True
        )
        both, place = np.unique(np.concatenate([keys, new]), return_inverse=True)
        counts = np.bincount(place, np.concatenate([counts, number]), len(both)).astype(np.int64)
        keys = both
    return keys, counts


def _chosen(ids: Array, free: Array, keys: Array, size: int) -> Array:
    """Places whose pair is joined: in a run of overlapping candidates every other one, from the left."""
    places = np.flatnonzero(free)
    wanted = _keys(ids, places, size)
    slot = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    places = places[keys[slot] == wanted]
    first = np.append(True, np.diff(places) > 1)
    run_start = places[np.maximum.accumulate(np.where(first, np.arange(len(places)), 0))]
    return places[(places - run_start) % 2 == 0]


def _rewrite(corpus: Corpus, ids: Array, places: Array, which: Array, tokens: list[str]) -> Corpus:
    """Put the joined token at each place, drop its second word, count and sort the vocabulary again."""
    joined = ids.astype(np.int64)
    joined[places] = len(corpus.vocab) + which
    keep = np.ones(len(ids), bool)
    keep[places + 1] = False
    starts = np.append(0, np.cumsum(keep))[corpus.starts]
    joined = joined[keep]
    names = [*corpus.vocab.tokens, *tokens]
    order: dict[str, int] = {}
    merged = np.array(
        [order.setdefault(name, len(order)) for name in names], np.int64
    )  # a word may be spelt like a phrase
    joined = merged[joined]
    counts = np.bincount(joined, minlength=len(order))
    special = sorted(corpus.vocab.specials.values())
    usual = np.setdiff1d(np.flatnonzero(counts), special)
    new = np.concatenate([special, usual[np.argsort(-counts[usual], kind="stable")]]).astype(np.int64)
    table = np.full(len(order), -1, np.int32)
    table[new] = np.arange(len(new), dtype=np.int32)
    spelt = list(order)
    specials = {name: int(table[i]) for name, i in corpus.vocab.specials.items()}
    vocab = Vocab([spelt[i] for i in new.tolist()], counts[new], specials)
    meta = {name: value for name, value in corpus.meta.items() if name not in ("fingerprint", "key")}
    return Corpus(
        table[joined],
        starts.astype(np.int64),
        vocab,
        {**meta, "phrases": meta.get("phrases", 0) + len(tokens)},
    )
