"""What a tokenizer is, and `tokenizer(name)` that finds one; members are the files of tokenizers/."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, NotRequired, Self, TypedDict

from seqkit.core import files, schema
from seqkit.core.errors import ModelFileError, OptionError, SeqkitError
from seqkit.core.family import Family
from seqkit.core.types import Ids
from seqkit.text.vocab import Vocab

tokenizers = Family("seqkit.text.tokenizers", "tokenizer")
_FORMER = {("word", 1): "treebank"}  # where the rule of an earlier version is now


Spans = list[tuple[int, int]]


class _Settings(TypedDict):
    name: str
    definition: NotRequired[str]
    version: NotRequired[int]


class _Meta(TypedDict):
    settings: _Settings
    specials: NotRequired[dict[str, int]]


class Tokenizer(ABC):
    """Cuts text into tokens and back. `lossless`: decode(encode(text)) == text, if no token is unknown.

    A tokenizer without a vocabulary cuts (`tokens`, `join`); with one, from `train` or `with_vocab`, it also
    numbers.
    """

    lossless: ClassVar[bool]
    learnt: ClassVar[bool] = False  # whether it must be trained before it can cut
    name: ClassVar[str]
    version: ClassVar[int] = 1  # of its rule: what was made by another one is not cut by this
    vocab: Vocab | None = None

    @abstractmethod
    def tokens(self, text: str) -> list[str]:
        """The tokens of a text."""

    def spans(self, text: str) -> Spans:
        """Where each token stands: token i is of text[start:end]."""
        found, at = [], 0
        for token in self.tokens(text):
            start = text.index(token, at)  # only white space lies between two tokens
            at = start + len(token)
            found.append((start, at))
        return found

    @abstractmethod
    def join(self, tokens: Iterable[str]) -> str:
        """The text of tokens."""

    def settings(self) -> dict[str, Any]:
        """What `tokenizer(**settings)` needs to make it again, as JSON values."""
        return {"name": self.name} | ({"version": self.version} if self.version > 1 else {})

    @classmethod
    def train(cls, texts: Iterable[str], *, vocab_size: int | None = None, min_count: int = 1) -> Self:
        """A tokenizer whose vocabulary is the most common tokens of `texts`."""
        self = cls()
        counts = Counter(token for text in texts for token in self.tokens(text))
        return self.with_vocab(Vocab.from_counts(counts, min_count=min_count, max_size=vocab_size))

    def with_vocab(self, vocab: Vocab) -> Self:
        """The same tokenizer with a vocabulary."""
        made = type(self)()
        made.vocab = vocab
        return made

    def encode(self, text: str) -> Annotated[Ids, "T"]:
        """The ids of a text's tokens; unknown ones become unk."""
        return self._numbered().ids(self.tokens(text))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids."""
        return self.join(self._numbered().words(ids))

    def save(self, folder: Path) -> None:
        """Write the tokenizer with its vocabulary."""
        vocab = self._numbered()
        files.save(
            folder, "tokenizer", vocab.to_arrays(), {"settings": self.settings(), "specials": vocab.specials}
        )

    @staticmethod
    def load(folder: Path) -> "Tokenizer":
        """Read what `save` wrote.  Raises:  ModelFileError if the folder holds none, or a damaged one."""
        arrays, meta = files.load(folder, "tokenizer", _Meta)
        try:
            made = from_json(meta["settings"])
            if made.vocab is None:
                made = made.with_vocab(Vocab.from_arrays(arrays, meta.get("specials", {})))
        except SeqkitError as error:
            raise ModelFileError(f"{folder}: {error} The tokenizer is damaged; train it again.") from error
        return made

    def _numbered(self) -> Vocab:
        if self.vocab is None:
            raise OptionError(
                f"{self.name} tokenizer: has no vocabulary yet. Train it, or take one from a corpus with "
                "with_vocab."
            )
        return self.vocab


def tokenizer(name: str, **settings: Any) -> Tokenizer:
    """The tokenizer called `name`, one of `tokenizers.names()`.

    >>> tokenizer("word").tokens("It isn't, is it?")
    ['It', 'is', "n't", ',', 'is', 'it', '?']
    >>> tokenizer("word").spans("It isn't.")
    [(0, 2), (3, 5), (5, 8), (8, 9)]
    """
    return tokenizers.load(name)(**settings)


def from_json(values: Mapping[str, Any]) -> Tokenizer:
    """The tokenizer of what `settings` gave.

    Raises:  SeqkitError for settings of another name or type.
    """
    known = schema.check("tokenizer", values, _Settings)
    name, version = known["name"], known.get("version", 1)
    cls = tokenizers.load(_FORMER.get((name, version), name))
    if version != cls.version and (name, version) not in _FORMER:
        raise OptionError(
            f"tokenizer {name}: got version {version} of its rule, expected {cls.version}. "
            "It was made by another version of seqkit."
        )
    given = values.keys() - {"name", "version"}
    if given != ({"definition"} if cls.learnt else set()):
        raise OptionError(
            f"tokenizer {name}: got settings {', '.join(sorted(given)) or 'none'}, expected "
            f"{'definition' if cls.learnt else 'none'}."
        )
    made: Tokenizer = cls(**{name: values[name] for name in given})
    return made


def choose(
    name: str, lines: Iterable[str] = (), *, vocab_size: int | None = None, show: bool = False
) -> Tokenizer:
    """The tokenizer called `name`, or saved in the folder `name`; one that must learn is trained on `lines`.

    name: "subword:unigram" trains that model of the subword tokenizer. show: its progress, on a terminal.
    Raises:  OptionError for an unknown name or model, or if there is nothing to learn from.
    """
    if (Path(name) / "manifest.json").is_file():
        return Tokenizer.load(Path(name))
    kind, _, model = name.partition(":")
    made = tokenizer(kind)
    if not made.learnt:
        return tokenizer(name)
    settings: dict[str, Any] = {"show": show} | ({"model": model} if model else {})
    return made.train(lines, vocab_size=vocab_size, **settings)
