"""Class gap: how much nearer neutral words are to the words of one class than to those of the other.

gap(w) = mean_{a in A} cos(w, a) - mean_{b in B} cos(w, b)

File: seqkit/debias/measuring/measures/class_gap.py.
"""

from seqkit.core.types import Array
from seqkit.debias.measuring.base import DEFAULT, BiasScore, FirstClass, Neutral, Options, SecondClass
from seqkit.debias.measuring.word_lists import WordLists, by_word, mean_score
from seqkit.embeddings.vectors.vectors import Vectors

__all__ = ["class_gap"]


def class_gap(
    vectors: Vectors, words: Neutral, A: FirstClass, B: SecondClass, *, options: Options = DEFAULT
) -> BiasScore:
    """The mean gap; by_word has that of each word.  Above 0: nearer to A."""
    lists = WordLists("class_gap", vectors, {"words": words, "A": A, "B": B}, options)
    a, b = lists.unit("A"), lists.unit("B")

    def gap(w: Array) -> Array:
        found: Array = (w @ a.T).mean(1) - (w @ b.T).mean(1)
        return found

    found = gap(lists.unit("words"))
    pool = lists.pool(len(found))
    null = None if pool is None else gap(pool)
    return mean_score("class-gap", lists, by_word(lists.words["words"], found), null)
