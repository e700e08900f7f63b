"""A text as numbers: ids, sentence starts, vocabulary; memory-mapped from disk.

Not handled: changing a corpus (build it again), shuffling, batches (each model makes its own).
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import numpy as np

from seqkit.core import files
from seqkit.core.checks import check_ends, check_ids, need
from seqkit.core.device import threads as count_threads
from seqkit.core.errors import FormatError, ModelFileError, SeqkitError
from seqkit.core.files.kept import load_kept
from seqkit.core.files.places import temporary_folder
from seqkit.core.schema import Count
from seqkit.core.types import Array, Ids
from seqkit.text.corpus.build import Built, Limits, build, settings_key
from seqkit.text.corpus.sources import Lines, check_again, twice
from seqkit.text.corpus.worker import Recipe
from seqkit.text.normalize import Normalizer
from seqkit.text.readers.text import Text, read
from seqkit.text.tokenizer import Tokenizer, choose, from_json
from seqkit.text.vocab import Vocab


@dataclass(frozen=True)
class Corpus:
    """Sentence i is ids[starts[i]:starts[i + 1]]; unknown tokens stay in the text as unk.

    Shapes:  ids (N,) int32; starts (S + 1,) int64, the last entry N.
    """

    ids: Annotated[Ids, "N"]
    starts: Annotated[Array, "S"]
    vocab: Vocab
    meta: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_ends("Corpus: starts", self.starts, len(self.ids))
        check_ids("Corpus: ids", self.ids, len(self.vocab))

    @staticmethod
    def build(
        source: str | os.PathLike[str] | Iterable[str],
        tokens: str | Tokenizer = "whitespace",
        *,
        normalizer: Normalizer | None = None,
        sentences: Literal["line", "punkt"] = "line",
        min_count: int = 1,
        max_size: int | None = None,
        specials: tuple[str, ...] = ("unk",),
        add_eos: bool = False,
        epsilon: float | None = None,
        threads: int | None = None,
        out: str | os.PathLike[str] | None = None,
        report: Callable[[int], None] | None = None,
    ) -> "Corpus":
        """Read text, count its tokens, number them; one pass over the text, on several processes.

        tokens: a tokenizer or its name; "subword:bpe" learns max_size subwords from the text first (see
        text.tokenizer.choose). source: what `read` takes or gives, or any iterable of lines. With `out` the
        corpus is written to that folder and memory-mapped; if the folder holds the corpus of the same text
        and settings already, it is only opened. epsilon: for vocabularies that do not fit in memory: the text
        is read twice, the first time to find all words above this share of it in bounded memory; rarer ones
        may become unknown. Counts stay exact. report: called with the characters read so far.
        Raises:  FormatError if the text is bad, empty, or has no token frequent enough; OptionError for an
                 epsilon with a source that can be read only once.
        """
        text = read(source) if isinstance(source, str | os.PathLike) else source
        pieces, normalizer = text if isinstance(text, Text) else Lines(text), normalizer or Normalizer()
        if isinstance(pieces, Text):  # a learnt tokenizer takes words of any length, and is known only then
            text = pieces = replace(pieces, whole_words=False)
        made = (
            choose(tokens, twice(pieces, normalizer, report), vocab_size=max_size, show=report is not None)
            if isinstance(tokens, str)
            else tokens
        )
        if isinstance(pieces, Text):
            pieces.whole_words = not made.lossless
        recipe = Recipe(made, normalizer, sentences, add_eos)
        limits = Limits(min_count, max_size, specials, epsilon)
        folder = None if out is None else Path(out)
        if folder and isinstance(text, Text) and text.source != "-":
            kept = _kept(folder, text, recipe, limits)
            if kept is not None:
                return kept
        if epsilon is not None:
            check_again(pieces)
        with temporary_folder(folder.parent if folder else None, "corpus") as working:
            built = build(
                pieces, recipe, limits, Path(working), threads=count_threads(threads), report=report
            )
            meta = _meta(text, recipe, limits, built)
            if folder is None:
                return Corpus(np.array(built.ids), built.starts, built.vocab, meta)
            Corpus(built.ids, built.starts, built.vocab, meta).save(folder)
        return Corpus.load(folder)

    @staticmethod
    def from_sentences(
        sentences: Iterable[Iterable[str]], *, min_count: int = 1, max_size: int | None = None
    ) -> "Corpus":
        """A corpus from lists of tokens, as gensim takes them.

        >>> Corpus.from_sentences([["a", "b"], ["a"]]).ids.tolist()
        [1, 2, 1]
        """
        rows = [list(sentence) for sentence in sentences]
        if not any(rows):
            raise FormatError("corpus: no token in the sentences given.")
        counts = Counter(token for row in rows for token in row)
        vocab = Vocab.from_counts(counts, min_count=min_count, max_size=max_size)
        starts = np.cumsum([0, *(len(row) for row in rows if row)], dtype=np.int64)
        return Corpus(vocab.ids(token for row in rows for token in row), starts, vocab)

    @property
    def num_tokens(self) -> int:
        """Tokens in the text, unknown ones included."""
        return len(self.ids)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def sentence(self, i: int) -> list[str]:
        """The tokens of sentence i."""
        if not 0 <= i < len(self):
            raise IndexError(f"sentence {i} of {len(self):,}")
        return self.vocab.words(self.ids[self.starts[i] : self.starts[i + 1]])

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of ids and starts: the same text, the same number, on any machine."""
        return str(self.meta.get("fingerprint") or _fingerprint(self.ids, self.starts))

    @property
    def unknown_share(self) -> float:
        """The share of tokens that are not in the vocabulary."""
        return (
            0.0
            if self.vocab.unk is None
            else int(self.vocab.counts[self.vocab.unk]) / max(self.num_tokens, 1)
        )

    def summary(self, top: int = 10) -> tuple[dict[str, Any], str]:
        """What the corpus holds, as JSON values and as text."""
        order = np.argsort(-self.vocab.counts, kind="stable")
        common = [
            (self.vocab.tokens[i], int(self.vocab.counts[i]))
            for i in order[:top].tolist()
            if i != self.vocab.unk
        ]
        values = {
            "tokens": self.num_tokens,
            "sentences": len(self),
            "vocabulary": len(self.vocab),
            "unknown_share": self.unknown_share,
            "specials": self.vocab.specials,
            "most_common": common,
            "fingerprint": self.fingerprint,
            "meta": self.meta,
        }
        return values, (
            f"{self.num_tokens:,} tokens in {len(self):,} sentences, {len(self.vocab):,} in the vocabulary, "
            f"{100 * self.unknown_share:.2f} % unknown\nspecial tokens: "
            f"{', '.join(self.vocab.specials) or 'none'}\n"
            f"most common: {', '.join(f'{word} {count:,}' for word, count in common)}"
        )

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the corpus to a folder, atomically."""
        arrays = {"ids": self.ids, "starts": self.starts, **self.vocab.to_arrays()}
        meta = {"specials": self.vocab.specials, "corpus": {**self.meta, "fingerprint": self.fingerprint}}
        files.save(Path(folder), "corpus", arrays, meta)

    @staticmethod
    def load(folder: str | os.PathLike[str]) -> "Corpus":
        """Open a corpus; ids and sentence starts are read, and checked, when they are first used.

        Raises:  ModelFileError if the folder holds none, or a damaged one.
        """
        arrays, meta = files.load(Path(folder), "corpus", _Meta)
        try:
            vocab = Vocab.from_arrays(arrays, meta["specials"])
            ids = need(arrays, "ids", "int32", (None,))
            starts = need(arrays, "starts", "int64", (None,))
            if "tokenizer" in meta["corpus"]:
                Recipe.from_json(meta["corpus"])
        except SeqkitError as error:
            raise _damaged(folder, error) from error
        return _Opened(ids, starts, vocab, meta["corpus"], folder)


class _About(TypedDict, total=False):
    """What is written beside a corpus and used; 0.1.0 wrote the same."""

    fingerprint: str
    key: str
    num_tokens: Count
    num_sentences: Count


class _Meta(TypedDict):
    specials: dict[str, int]
    corpus: _About


class _Opened(Corpus):
    """A corpus in a folder: ids and starts are checked when they are first asked for, all of them."""

    def __init__(
        self, ids: Ids, starts: Array, vocab: Vocab, meta: dict[str, Any], folder: str | os.PathLike[str]
    ) -> None:
        vars(self).update(vocab=vocab, meta=meta, _folder=folder, _ids=ids, _starts=starts)

    _folder: str
    _ids: Ids
    _starts: Array

    @cached_property
    def ids(self) -> Ids:
        """Token of each place."""
        return self._checked(self._ids, lambda: check_ids("ids", self._ids, len(self.vocab)))

    @cached_property
    def starts(self) -> Array:
        """Where each sentence begins, and the end."""
        return self._checked(self._starts, lambda: check_ends("starts", self._starts, len(self._ids)))

    @property
    def num_tokens(self) -> int:
        """Tokens in the text, unknown ones included."""
        return len(self._ids)

    def __len__(self) -> int:
        return max(len(self._starts) - 1, 0)

    def _checked(self, array: Array, look: Callable[[], None]) -> Array:
        return files.checked(array, look, lambda error: _damaged(self._folder, error))


def _damaged(folder: str | os.PathLike[str], error: SeqkitError) -> ModelFileError:
    return ModelFileError(f"{folder}: {error} The corpus is damaged; build it again.")


def _meta(text: Text | Iterable[str], recipe: Recipe, limits: Limits, built: Built) -> dict[str, Any]:
    """What is written beside a corpus: where it is from, how it was made, how much it holds."""
    unk = built.vocab.unk
    return {
        "source": text.source if isinstance(text, Text) else "memory",
        "key": built.key,
        **recipe.to_json(),
        "characters": built.characters,
        "num_tokens": len(built.ids),
        "num_sentences": len(built.starts) - 1,
        "unknown": 0 if unk is None else int(built.vocab.counts[unk]),
        "replaced_bytes": text.replaced if isinstance(text, Text) else 0,
        "min_count": limits.min_count,
        "max_size": limits.max_size,
        "epsilon": limits.epsilon,
        "fingerprint": _fingerprint(built.ids, built.starts),
    }


def _fingerprint(ids: Array, starts: Array) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(ids).data)
    digest.update(np.ascontiguousarray(starts).data)
    return digest.hexdigest()


def _kept(folder: Path, text: Text, recipe: Recipe, limits: Limits) -> Corpus | None:
    """The corpus in `folder` if it was built from this text with these settings.

    One that an earlier version of the tokenizer's rule cut stays as it is, so that its run can be resumed.
    """
    if (kept := load_kept(folder, "corpus", _load_checked)) is None:
        return None
    made, own = kept.meta.get("tokenizer", {}), recipe.tokenizer
    if made.get("name") == own.name and made.get("version", 1) < own.version:
        recipe = replace(recipe, tokenizer=from_json(made))
    key = hashlib.sha256(settings_key(recipe, limits))
    for piece in text:
        key.update(piece.encode())
    return kept if kept.meta.get("key") == key.hexdigest() else None


def _load_checked(folder: Path) -> Corpus:
    found = Corpus.load(folder)
    _ = found.ids, found.starts  # checked as they are first used
    return found
