"""Training vectors further on a text with new words: which words there are then, and their counts.

Not handled: output rows (vectors hold none, so they start at zero as in any run), forgetting old words.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from seqkit.core.errors import FormatError, VocabularyError
from seqkit.core.types import Array
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


@dataclass(frozen=True)
class Words:
    """The words of an objective, numbered as in the text.

    counts:  what each weighs as noise, in the Huffman tree and as a class; 0: not trained.
    read:    its count in the text, by which it is thinned out; 0: not trained.
    rows:    the words that get a vector, in the order in which the vectors come out.
    """

    vocab: Vocab
    counts: Annotated[Array, "V"]
    read: Annotated[Array, "V"]
    rows: Annotated[Array, "R"]


def of_text(vocab: Vocab, min_count: int) -> Words:
    """The words of a text alone.

    Raises:  FormatError if none is frequent enough.
    """
    counts = vocab.frequent(min_count, "training")
    return Words(vocab, counts, counts, np.flatnonzero(counts))


def extended(vocab: Vocab, old: Vectors, min_count: int) -> Words:
    """The words of the vectors that are trained further, then the new words of the text.

    Counts of old and new text are added up, and min_count is asked of new words only, as in gensim's
    build_vocab(update=True).
    Raises:  FormatError if a word of the vectors stands twice; VocabularyError if none of them is in the
             text.
    """
    if len(old.vocab.index) < len(old):
        twice = next(token for row, token in enumerate(old.vocab.tokens) if old.vocab.index[token] != row)
        raise FormatError(
            f"extend: {twice!r} stands twice among the {len(old):,} words of the vectors. Leave one of "
            "them out."
        )
    known = np.array([vocab.index.get(token, -1) for token in old.vocab.tokens], np.int64)
    absent = known < 0
    tokens = [*vocab.tokens, *old.vocab.words(np.flatnonzero(absent))]
    known[absent] = np.arange(len(vocab), len(tokens))
    counts = np.append(vocab.counts, np.zeros(len(tokens) - len(vocab), np.int64))
    is_old = np.zeros(len(tokens), bool)
    is_old[known] = True
    trained = is_old | (counts >= min_count)
    trained[[token_id for name, token_id in vocab.specials.items() if name != "eos"]] = False
    read = np.where(trained, counts, 0)
    if not read[is_old].any():
        raise VocabularyError(
            f"extend: none of the {len(old):,} words of the vectors (first: {old.vocab.tokens[:1]}) is in "
            "the text, so new "
            "vectors would have nothing to do with the old ones. Check case and tokenizer, or train "
            "without extend."
        )
    counts[known] += old.vocab.counts
    rows = np.append(known, np.flatnonzero((read > 0) & ~is_old))
    return Words(Vocab(tokens, counts, vocab.specials), np.where(trained, counts, 0), read, rows)
