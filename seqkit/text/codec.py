"""How a trained model turns text into ids and back: the recipe and vocabulary of its training corpus."""

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

import numpy as np

from seqkit.core import schema
from seqkit.core.errors import FormatError, ModelFileError, SeqkitError, counted
from seqkit.core.types import Arrays, Ids
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.corpus.worker import Recipe
from seqkit.text.normalize import Normalizer
from seqkit.text.tokenizer import Tokenizer, choose, tokenizer
from seqkit.text.vocab import SPECIALS, Vocab


class _Meta(TypedDict):
    recipe: dict[str, Any]
    specials: dict[str, int]


@dataclass(frozen=True)
class Codec:
    """A recipe (normaliser, sentences, tokenizer, end-of-sentence token) with its vocabulary."""

    recipe: Recipe
    vocab: Vocab

    @staticmethod
    def of(corpus: Corpus) -> "Codec":
        """The codec of a corpus; one made from lists of tokens joins them with spaces."""
        if "tokenizer" not in corpus.meta:
            return Codec(Recipe(tokenizer("whitespace"), Normalizer()), corpus.vocab)
        return Codec(Recipe.from_json(corpus.meta), corpus.vocab)

    @staticmethod
    def learn(
        texts: Iterable[str],
        unit: str = "word",
        *,
        lower: bool = False,
        min_count: int = 1,
        max_size: int | None = None,
        specials: Iterable[str] = ("pad", "unk"),
    ) -> "Codec":
        """The codec of texts that are rows by themselves (to classify, tag, translate), from their tokens.

        unit: word, whitespace, character or subword[:MODEL]; max_size subwords, 8,000 if not given.

        Raises:  FormatError if there is no token.
        """
        normalizer = Normalizer(lower=lower)
        rows = [normalizer(text) for text in texts]
        recipe = Recipe(choose(unit, rows, vocab_size=max_size), normalizer)
        if (
            own := recipe.tokenizer.vocab
        ) is not None:  # a learnt tokenizer knows few special tokens: its own ids stay
            added = [name for name in specials if name not in own.specials]
            places = {name: len(own) + i for i, name in enumerate(added)}
            tokens = [*own.tokens, *(SPECIALS[name] for name in added)]
            return Codec(recipe, Vocab(tokens, np.zeros(len(tokens), np.int64), own.specials | places))
        counts = Counter(token for row in rows for token in recipe.tokenizer.tokens(row))
        if not counts:
            raise FormatError("text: got no token, expected at least one. Is the text empty?")
        return Codec(
            recipe, Vocab.from_counts(counts, min_count=min_count, max_size=max_size, specials=specials)
        )

    def corpus(self, source: str | os.PathLike[str] | Iterable[str], *, threads: int | None = None) -> Corpus:
        """Another text, as this codec numbers it; tokens out of the vocabulary are unk.

        Raises:  FormatError if the text is bad, empty, or has unknown tokens while the vocabulary has no unk.
        """
        recipe = self.recipe
        return Corpus.build(
            source,
            self._tokenizer(),
            normalizer=recipe.normalizer,
            sentences=recipe.sentences,
            add_eos=recipe.add_eos,
            threads=threads,
        )

    def encode(self, text: str) -> Annotated[Ids, "T"]:
        """The ids of a text without line ends: no end-of-sentence token is added.

        Raises:  VocabularyError for an unknown token if the vocabulary has no unk.
        """
        return self.vocab.ids(self._tokenizer().tokens(self.recipe.normalizer(text)))

    def surfaces(self, text: str) -> list[str]:
        """The characters of the text that each token of `encode` stands for, unknown ones too.

        They are as given where normalising keeps every place, else as normalised.
        """
        plain = self.recipe.normalizer(text)
        shown = text if len(text) == len(plain) else plain
        return [shown[start:end] for start, end in self._tokenizer().spans(plain)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; each end-of-sentence token is a line end."""
        eos = self.vocab.specials.get("eos")
        lines: list[list[int]] = [[]]
        for token_id in ids:
            if token_id == eos:
                lines.append([])
            else:
                lines[-1].append(int(token_id))
        return "\n".join(self._tokenizer().join(self.vocab.words(line)) for line in lines)

    def to_json(self) -> dict[str, Any]:
        """Recipe and special tokens as JSON values; the rest is in `to_arrays`."""
        return {"recipe": self.recipe.to_json(), "specials": self.vocab.specials}

    def to_arrays(self) -> Arrays:
        """The vocabulary as arrays."""
        return self.vocab.to_arrays()

    @staticmethod
    def load(arrays: Arrays, meta: dict[str, Any]) -> "Codec":
        """What to_json and to_arrays gave."""
        try:
            schema.check("codec", meta, _Meta)
            found = Codec(Recipe.from_json(meta["recipe"]), Vocab.from_arrays(arrays, meta["specials"]))
            own = found.recipe.tokenizer.vocab
            if own is not None and own.tokens != found.vocab.tokens[: len(own)]:
                raise FormatError("tokens: got others than the tokenizer's own, expected these first.")
        except SeqkitError as error:
            raise ModelFileError(
                f"model: {error} Its vocabulary is damaged; restore the folder from a copy."
            ) from error
        return found

    def warn_of_unknown(self, where: str, rows: Sequence[Ids]) -> None:
        """Warn of texts that are mostly words that training never saw: what is said of them is a guess."""
        unk = self.vocab.unk
        unseen = [(int((row == unk).sum()), len(row)) for row in rows]
        if texts := sum(2 * unknown > size for unknown, size in unseen):
            unknown, size = (sum(column) for column in zip(*unseen, strict=True))
            warnings.warn(
                f"{where}: {unknown:,} of {size:,} tokens are not in the vocabulary and are read as unknown; "
                f"of {texts:,} of {counted(len(rows), 'text')} more than half, so the answer is a guess.",
                stacklevel=3,
            )

    def _tokenizer(self) -> Tokenizer:
        own = self.recipe.tokenizer
        return own if own.vocab is not None else own.with_vocab(self.vocab)
