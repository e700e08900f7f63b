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


class _Settings(TypedDict):
    name: str
    definition: NotRequired[str]


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
    vocab: Vocab | None = None

    @abstractmethod
    def tokens(self, text: str) -> list[str]:
        """The tokens of a text."""

    @abstractmethod
    def join(self, tokens: Iterable[str]) -> str:
        """The text of tokens."""

    def settings(self) -> dict[str, Any]:
        """What `tokenizer(**settings)` needs to make it again, as JSON values."""
        return {"name": self.name}

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
    """
    return tokenizers.load(name)(**settings)


def from_json(values: Mapping[str, Any]) -> Tokenizer:
    """The tokenizer of what `settings` gave.

    Raises:  SeqkitError for settings of another name or type.
    """
    known = schema.check("tokenizer", values, _Settings)
    cls, given = tokenizers.load(known["name"]), values.keys() - {"name"}
    if given != ({"definition"} if cls.learnt else set()):
        raise OptionError(
            f"tokenizer {known['name']}: got settings {', '.join(sorted(given)) or 'none'}, expected "
            f"{'definition' if cls.learnt else 'none'}."
        )
    made: Tokenizer = cls(**{name: values[name] for name in given})
    return made


def choose(name: str, lines: Iterable[str] = (), *, vocab_size: int | None = None) -> Tokenizer:
    """The tokenizer called `name`, or saved in the folder `name`; one that must learn is trained on `lines`.

    name: "subword:unigram" trains that model of the subword tokenizer.
    Raises:  OptionError for an unknown name or model, or if there is nothing to learn from.
    """
    if (Path(name) / "manifest.json").is_file():
        return Tokenizer.load(Path(name))
    kind, _, model = name.partition(":")
    made = tokenizer(kind)
    if not made.learnt:
        return tokenizer(name)
    settings: dict[str, Any] = {"model": model} if model else {}
    return made.train(lines, vocab_size=vocab_size, **settings)
