"""Subwords by the tokenizers library: byte-level BPE, BPE, WordPiece, Unigram; saved as tokenizer.json."""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, Self, TypedDict

import numpy as np

from seqkit.core import files, schema, strict_json
from seqkit.core.errors import FormatError, OptionError
from seqkit.core.interrupt import aside
from seqkit.core.types import Ids
from seqkit.text.tokenizer import Spans, Tokenizer
from seqkit.text.vocab import Vocab

__all__ = ["Subword"]

Model = Literal["byte-bpe", "bpe", "wordpiece", "unigram"]
MODELS: tuple[Model, ...] = ("byte-bpe", "bpe", "wordpiece", "unigram")
UNK = "<unk>"
_LONGEST = 4096  # characters; the library holds a token as a chain of nodes, which may end its stack
_PROBE = "a Z 0 . é 你 \U0001f40d \x00"  # characters that any tokenizer must take, known or not

_WORD = 1000  # letters of a word that is learnt from as a whole
_LONG = 1 << 18  # characters of a text that takes a second to be cut


class _Model(TypedDict):
    type: str
    vocab: NotRequired[dict[str, Any] | list[Any]]


class _Definition(TypedDict):
    """What is read of it here; the library checks the rest."""

    model: _Model


class Subword(Tokenizer):
    """Pieces of words, learnt from text; byte-bpe gives every text back exactly, the others by their rules.

    Sources: Sennrich et al. 2016 (BPE); Schuster & Nakajima 2012 (WordPiece); Kudo 2018 (Unigram).
    """

    name = "subword"
    learnt = True

    def __init__(self, definition: str | None = None) -> None:
        if definition is not None:
            self._open(definition)

    def _open(self, definition: str) -> None:
        from tokenizers import Tokenizer as Engine

        with _told("tokenizer.json: not a tokenizer definition"):
            form = schema.check("definition", strict_json.parse(definition), _Definition, FormatError)
            words = form["model"].get("vocab", ())
            if any(len(word if isinstance(word, str) else word[0]) > _LONGEST for word in words):
                raise ValueError(f"a token of more than {_LONGEST:,} characters")
            self._engine: Any = Engine.from_str(definition)
            self._engine.no_truncation()  # no text is cut, none filled up
            self._engine.no_padding()
            numbers = self._engine.get_vocab()
            self._engine.encode(_PROBE, add_special_tokens=False)
        tokens = sorted(numbers, key=numbers.__getitem__)
        if [numbers[token] for token in tokens] != list(range(len(tokens))):
            raise FormatError(
                f"tokenizer.json: got numbers of {len(tokens):,} tokens with gaps, expected 0 to "
                f"{len(tokens) - 1:,}. Make it again."
            )
        unk = {"unk": tokens.index(UNK)} if UNK in tokens else {}
        self.vocab, self.definition, self.kind = (
            Vocab(tokens, np.zeros(len(tokens), np.int64), unk),
            definition,
            form["model"]["type"],
        )

    @property
    def lossless(self) -> bool:  # type: ignore[override]  # a matter of the model, not of the class
        """Whether decode gives the text back exactly."""
        return "ByteLevel" in json.dumps(strict_json.parse(self.definition).get("pre_tokenizer"))

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        *,
        vocab_size: int | None = 8000,
        min_count: int = 2,
        model: Model = "byte-bpe",
        show: bool = False,
    ) -> Self:
        """Learn `vocab_size` subwords from texts.  show: a bar on stderr, if that is a terminal.

        Raises:  OptionError for an unknown model; FormatError for an empty text.
        """
        engine, trainer = _engine(model, vocab_size or 8000, min_count)
        trainer.show_progress = show
        sections = (section for text in texts for section in _sections(text))
        aside(lambda: engine.train_from_iterator(sections, trainer))
        if not engine.get_vocab_size():
            raise FormatError("subword tokenizer: the text to learn from is empty.")
        return cls(engine.to_str())

    def tokens(self, text: str) -> list[str]:
        """The subwords of a text."""
        return list(self._encoded(text).tokens)

    def spans(self, text: str) -> Spans:
        """Where each subword stands: of the bytes of one letter each is the whole letter."""
        return list(self._encoded(text).offsets)

    def join(self, tokens: Iterable[str]) -> str:
        """The text of subwords."""
        return str(self._trained().decoder.decode(list(tokens)))

    def encode(self, text: str) -> Annotated[Ids, "T"]:
        """The ids of a text's subwords."""
        return np.array(self._encoded(text).ids, np.int32)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids."""
        return str(self._trained().decode(list(map(int, ids)), skip_special_tokens=False))

    def settings(self) -> dict[str, Any]:
        """The whole definition: a subword tokenizer is its tokenizer.json."""
        self._trained()
        return {"name": self.name, "definition": self.definition}

    def save(self, folder: Path) -> None:
        """Write tokenizer.json, as other programs read it, and the same within seqkit's own artefact."""
        files.save(folder, "tokenizer", {}, {"settings": self.settings()})
        with files.write_atomic(folder / "tokenizer.json") as file:
            file.write(self.definition.encode())

    def _encoded(self, text: str) -> Any:
        engine = self._trained()
        if len(text) < _LONG:
            return engine.encode(text, add_special_tokens=False)
        return aside(lambda: engine.encode(text, add_special_tokens=False))

    def _trained(self) -> Any:
        if not hasattr(self, "_engine"):
            raise OptionError(
                "subword tokenizer: is not trained. Use Subword.train, or give the text of a tokenizer.json."
            )
        return self._engine


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Within the block whatever the library raises, a panic of Rust included, becomes a FormatError."""
    try:
        yield
    except BaseException as error:  # bare Exception for what is wrong in JSON, else PanicException
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise FormatError(f"{what} ({error}). Make it again, or restore it from a copy.") from error


def _sections(text: str) -> Iterator[str]:
    """The text, with cuts inside words of more than _WORD letters: learning takes their square in time."""
    at = 0
    if len(text) > _WORD:
        for word in re.finditer(r"\S+", text):
            for end in range(word.start() + _WORD, word.end(), _WORD):
                yield text[at:end]
                at = end
    yield text[at:]


def _engine(model: str, vocab_size: int, min_count: int) -> tuple[Any, Any]:
    from tokenizers import Tokenizer as Engine
    from tokenizers import decoders, models, pre_tokenizers, trainers

    common: dict[str, Any] = {"vocab_size": vocab_size, "special_tokens": [UNK], "show_progress": False}
    if model == "byte-bpe":
        engine = Engine(models.BPE())
        engine.pre_tokenizer, engine.decoder = (
            pre_tokenizers.ByteLevel(add_prefix_space=False),
            decoders.ByteLevel(),
        )
        common |= {"special_tokens": [], "initial_alphabet": pre_tokenizers.ByteLevel.alphabet()}
        return engine, trainers.BpeTrainer(min_frequency=min_count, **common)
    if model == "bpe":
        engine = Engine(models.BPE(unk_token=UNK))
        engine.pre_tokenizer, engine.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
        return engine, trainers.BpeTrainer(min_frequency=min_count, **common)
    if model == "wordpiece":
        engine = Engine(models.WordPiece(unk_token=UNK))
        engine.pre_tokenizer, engine.decoder = pre_tokenizers.BertPreTokenizer(), decoders.WordPiece()
        return engine, trainers.WordPieceTrainer(min_frequency=min_count, **common)
    if model == "unigram":
        engine = Engine(models.Unigram())
        engine.pre_tokenizer, engine.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
        return engine, trainers.UnigramTrainer(unk_token=UNK, **common)
    raise OptionError(f"unknown subword model {model!r}; known: {', '.join(MODELS)}.")
