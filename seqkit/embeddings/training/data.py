"""What word vectors are trained on: a text, a corpus or counts made before; and what a run leaves of them."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.errors import FormatError
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.testsets import analogies
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.normalize import Normalizer
from seqkit.text.readers.text import read as read_text
from seqkit.train.data import Data

Reading = Callable[[int], None]


def read(
    trainer: Any,
    source: str,
    folder: Path | None = None,
    *,
    tokenizer: str = "whitespace",
    lower: bool = False,
    initial: Path | None = None,
    extend: bool = False,
    frozen: Path | None = None,
    valid: Path | None = None,
    reading: Reading | None = None,
) -> Data:
    """The corpus of a text, kept within `folder`, and what training starts from.

    trainer: SkipGram, CBOW, GloVe, or another that fits a corpus to Vectors. frozen: a file of words.
    extend: keep all words of `initial`. valid: analogy questions, whose share right is kept for each
    epoch. reading: a report of the characters read.
    """
    counts = getattr(trainer, "learns_from", "text") == "counts"
    if counts:
        start = {"initial": initial, "extend": extend, "frozen": frozen}
        trainer.check_start([name for name, value in start.items() if value])
    old = None if initial is None else Vectors.load(initial)
    found = _open(source, folder, counts, tokenizer, lower, trainer.threads, reading)
    given: dict[str, Any] = {}
    if old is not None:
        given["initial"] = old
    if extend:
        given["extend"] = True
    if frozen is not None:
        given["frozen"] = [word for piece in read_text(frozen) for word in piece.split()]
    if valid is not None:
        given["valid"] = _validation(valid, found, trainer, old if extend else None)
    if counts and folder is not None and isinstance(found, Corpus):
        found = trainer.count(found, out=folder / "counts")
    about = {"corpus": {**found.meta, "source": source, "fingerprint": found.fingerprint}}

    def after(_: Any, vectors: Vectors) -> dict[str, Any]:
        digest = hashlib.sha256(vectors.matrix.tobytes()).hexdigest()
        added = {"added": len(vectors) - len(old)} if extend and old is not None else {}
        return {"words": len(vectors), "matrix_sha256": digest, **added}

    return Data((found,), trainer.unit, given, about, after)


def _open(
    source: str,
    folder: Path | None,
    counts: bool,
    tokenizer: str,
    lower: bool,
    threads: int | None,
    reading: Reading | None,
) -> Corpus | Cooccurrence:
    """The folder of a corpus or of counts that was given, or the text made into a corpus (in memory without a
    folder).
    """
    if source != "-" and Path(source).is_dir() and (kind := files.kind_of(Path(source))):
        return Cooccurrence.load(source) if counts and kind == "cooccurrence" else Corpus.load(source)
    kept = folder and folder / "corpus"
    plain = Normalizer(lower=lower)
    return Corpus.build(source, tokenizer, normalizer=plain, threads=threads, out=kept, report=reading)


def _validation(
    path: Path, found: Corpus | Cooccurrence, trainer: Any, start: Vectors | None
) -> analogies.AnalogyAccuracy:
    """The share of the questions of `path` that vectors answer.

    Raises:  FormatError if no question could ever be asked.
    """
    sections = analogies.read_questions(path)
    enough = found.vocab.counts >= trainer.get_params()["min_count"]
    words = {word for word, kept in zip(found.vocab.tokens, enough, strict=True) if kept}
    words |= set(start.vocab.tokens) if start is not None else set()
    if not any(words.issuperset(question) for section in sections for question in section.questions):
        raise FormatError(
            f"{path}: no question has all its words among the {len(words):,} to be trained. Give others."
        )
    return analogies.AnalogyAccuracy(sections)
