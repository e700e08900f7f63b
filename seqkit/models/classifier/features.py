"""Texts to rows of an embedding: the words of training, further words of vectors, and hashed n-grams.

Not handled: cutting text (tokenizers), what the rows hold in training (the networks).
"""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, repeat
from typing import Annotated, Any

import numpy as np

from seqkit.core.checks import need
from seqkit.core.errors import FormatError, ShapeError
from seqkit.core.types import Array, Arrays, Floats, Ids, part, prefixed
from seqkit.embeddings.vectors.subword import SubwordVectors
from seqkit.models.classifier.bag import Texts, ngram_hashes
from seqkit.models.classifier.options import ClassifierOptions
from seqkit.models.options import Text
from seqkit.text.codec import Codec
from seqkit.text.corpus.worker import Recipe
from seqkit.text.normalize import Normalizer
from seqkit.text.tokenizer import choose
from seqkit.text.vocab import Vocab


@dataclass(frozen=True)
class WordRows:
    """Numbers of rows: the `words` of training, words that only the vectors have, n-grams of `buckets`."""

    codec: Codec
    words: int
    buckets: Annotated[Array, "N"]
    options: ClassifierOptions

    @staticmethod
    def learn(
        texts: Sequence[str], o: ClassifierOptions, text: Text, recipe: Recipe | None = None
    ) -> "tuple[WordRows, list[Ids]]":
        """The rows of the texts of training, and the words of each.  recipe: how to cut, else by options.

        Raises:  FormatError if there is no token.
        """
        normalizer = Normalizer(lower=text.lower)
        recipe = recipe or Recipe(choose(text.unit, texts, vocab_size=text.max_size), normalizer)
        given = recipe.tokenizer.vocab
        seen: dict[str, int] = defaultdict(lambda: len(seen))  # numbers as they come, until all are counted
        flat, lengths = _numbers(recipe, texts, lambda tokens: map(seen.__getitem__, tokens))
        if given is None:
            if not seen:
                raise FormatError("text: got no token, expected at least one. Is the text empty?")
            counts = dict(zip(seen, np.bincount(flat).tolist(), strict=True))
            given = Vocab.from_counts(
                counts, min_count=text.min_count, max_size=text.max_size, specials=("pad", "unk")
            )
        made = WordRows(Codec(recipe, given), len(given), np.zeros(0, np.int64), o)
        ids = made._rows(np.fromiter(map(given.index.get, seen, repeat(made.unk)), np.int32)[flat], lengths)
        if o.ngrams > 1 and not o.recurrent:
            hashes, _ = ngram_hashes(*_flat(ids), o.ngrams, o.buckets)
            made = replace(made, buckets=np.unique(hashes))
        return made, ids

    @property
    def size(self) -> int:
        """Rows of the embedding in all."""
        return len(self.codec.vocab) + len(self.buckets)

    @property
    def unk(self) -> int:
        """The row of an unknown word."""
        return self.codec.vocab.unk or 0

    def extended(self, tokens: Sequence[str]) -> "WordRows":
        """With further words behind those of training."""
        own, further = self.codec.vocab, [token for token in tokens if token not in self.codec.vocab.index]
        counts = np.concatenate([own.counts, np.zeros(len(further), np.int64)])
        vocab = Vocab([*own.tokens, *further], counts, own.specials)
        return replace(self, codec=Codec(self.codec.recipe, vocab))

    def ids(self, texts: Sequence[str]) -> list[Ids]:
        """The words of each text; one without a token is one unknown word."""
        get, unk = self.codec.vocab.index.get, self.unk
        return self._rows(*_numbers(self.codec.recipe, texts, lambda tokens: map(get, tokens, repeat(unk))))

    def bags(self, ids: Sequence[Ids]) -> Texts:
        """The texts with their n-grams, for the averaged network."""
        flat, starts = _flat(ids)
        scales = np.ones(len(ids)) if self.options.reader == "summed" else 1 / np.diff(starts)
        if not len(self.buckets):
            return Texts(flat, starts, scales.astype(np.float32))
        hashes, text = ngram_hashes(flat, starts, self.options.ngrams, self.options.buckets)
        places = np.searchsorted(self.buckets, hashes)
        met = self.buckets[np.minimum(places, len(self.buckets) - 1)] == hashes
        rows = np.concatenate([flat, (len(self.codec.vocab) + places[met]).astype(np.int32)])
        of = np.concatenate([np.repeat(np.arange(len(ids)), np.diff(starts)), text[met]])
        order = np.argsort(of, kind="stable")
        return Texts(
            rows[order],
            np.concatenate([[0], np.cumsum(np.bincount(of, minlength=len(ids)))]),
            scales.astype(np.float32),
        )

    def start(self, vectors: Any, scale: float) -> tuple[Annotated[Floats, "V D"], Annotated[Array, "V"]]:
        """A row for each word from Vectors, with `scale` as root mean square, and which words have one.

        SubwordVectors give one to every word that has n-grams, unknown ones too.
        """
        vocab = self.codec.vocab
        rows = np.array([vectors.vocab.find(token) for token in vocab.tokens])
        matrix = np.zeros((len(vocab), vectors.dim), np.float32)
        matrix[rows >= 0] = vectors.matrix[rows[rows >= 0]]
        for i in np.flatnonzero(rows < 0).tolist() if isinstance(vectors, SubwordVectors) else ():
            if i not in vocab.specials.values() and len(vectors.parts(vocab.tokens[i])):
                matrix[i], rows[i] = vectors.of(vocab.tokens[i]), 0
        square = float((matrix[rows >= 0].astype(np.float64) ** 2).mean()) if (rows >= 0).any() else 0.0
        return (matrix * np.float32(scale / square**0.5) if scale and square else matrix), rows >= 0

    def to_arrays(self) -> Arrays:
        """The vocabulary and the buckets as arrays."""
        return prefixed("vocab.", self.codec.to_arrays()) | {"buckets": self.buckets}

    @staticmethod
    def from_arrays(arrays: Arrays, meta: Mapping[str, Any], o: ClassifierOptions) -> "WordRows":
        """What to_arrays gave, with the codec's to_json and the number of words in `meta`."""
        codec = Codec.load(part(arrays, "vocab."), meta["codec"])
        if meta["words"] > len(codec.vocab):
            raise ShapeError(f"words: got {meta['words']:,}, expected at most {len(codec.vocab):,}.")
        buckets = np.array(need(arrays, "buckets", "int64", (None,)))
        if len(buckets) and (buckets[0] < 0 or (np.diff(buckets) <= 0).any() or buckets[-1] >= o.buckets):
            raise ShapeError(f"buckets: got wrong ones, expected rising numbers below {o.buckets:,}.")
        return WordRows(codec, meta["words"], buckets, o)

    def _rows(self, flat: Ids, lengths: list[int]) -> list[Ids]:
        limit, ends = self.options.max_length, np.cumsum([0, *lengths]).tolist()
        rows = [flat[a:b] if b > a else np.array([self.unk], np.int32) for a, b in pairwise(ends)]
        if limit is None:
            return rows
        half = -(-limit // 2)
        return [
            row if len(row) <= limit else np.concatenate([row[:half], row[half - limit :]]) for row in rows
        ]


def _numbers(
    recipe: Recipe, texts: Sequence[str], number: Callable[[list[str]], Iterable[int]]
) -> tuple[Annotated[Ids, "T"], list[int]]:
    """The tokens of all texts as numbers, and how many each has, without keeping slow lists."""
    flat, lengths, cut, plain = array("i"), [], recipe.tokenizer.tokens, recipe.normalizer
    for text in texts:
        tokens = cut(plain(text))
        flat.extend(number(tokens))
        lengths.append(len(tokens))
    return np.array(flat, np.int32), lengths


def _flat(ids: Sequence[Ids]) -> tuple[Ids, Array]:
    lengths = np.fromiter((len(row) for row in ids), np.int64, len(ids))
    flat: Ids = np.concatenate([*ids, np.zeros(0, np.int32)])
    return flat, np.concatenate([[0], np.cumsum(lengths)])
