"""Training data of a tagger, its scores on a file, and labels for a file."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from seqkit.core.errors import OptionError, SeqkitError
from seqkit.core.score import Score
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.tagger.labels import Tags
from seqkit.models.tagger.model import CHUNK, Tagger
from seqkit.text import bioes
from seqkit.text.readers import conll
from seqkit.text.readers.conll import Sentence, sentences
from seqkit.train.data import Data


def read(
    source: str,
    folder: Path | None = None,
    *,
    valid: str | None = None,
    vectors: Path | None = None,
    **reading: Any,
) -> Data:
    """Tagged sentences of a file, and of one to validate on.

    reading: format and column, as in text.readers.conll.sentences.
    """
    found = list(sentences(source, **reading))
    held = [] if valid is None else list(sentences(valid, **reading))
    start = None if vectors is None else Vectors.load(vectors)
    check = _pair(held) if held else None
    about = {
        "data": {
            "source": source,
            "valid": valid,
            "vectors": str(vectors) if vectors else None,
            **reading,
            "sentences": len(found),
            "words": sum(len(s.words) for s in found),
        }
    }

    def after(model: Tagger, made: Tagger) -> dict[str, Any]:
        scores = model.evaluate(*check) if check else []
        return {
            "parameters": model.num_parameters,
            "labels": model.classes_,
            "scheme": model.labels.scheme,
            "given": model.labels.given,
            "coverage": model.coverage,
            "scores": [score.to_json() for score in scores],
        }

    given = {"valid": check, "vectors": start}
    return Data(_pair(found), "sentences", given, about, after, lambda error: _place(error, [*found, *held]))


def evaluate(model: Tagger, source: str, **reading: Any) -> list[Score]:
    """The scores of a file of tagged sentences; reading as for `read`.

    Raises:  FormatError, with file and line, for a wrong tag; if no label was in the training text.
    """
    found = list(sentences(source, **reading))
    with Data((), "sentences", place=lambda error: _place(error, found)).placed():
        return model.evaluate(*_pair(found))


def predict(
    model: Tagger,
    source: str,
    file: IO[bytes],
    *,
    output: str = "conll",
    scheme: str | None = None,
    **reading: Any,
) -> int:
    """Write the words of a source with their labels to an open file; return the number of sentences.

    output: conll or jsonl. scheme: of the spans; the one the model was trained with if not given. reading:
    format and unit.
    """
    if output not in ("conll", "jsonl"):
        raise OptionError(f"output: got {output!r}, expected conll or jsonl.")
    if scheme is not None and model.labels.given is None:
        raise OptionError(
            f"scheme: got {scheme!r}, but the labels of this model are not spans "
            f"({', '.join(model.classes_[:5])})."
        )
    count = 0
    for part in _parts(sentences(source, tagged=False, **reading)):
        for sentence, tags in zip(part, model.predict([s.words for s in part]), strict=True):
            conll.write(file, sentence.words, tags if scheme is None else bioes.convert(tags, scheme), output)
        count += len(part)
    return count


def _pair(found: Sequence[Sentence]) -> tuple[list[list[str]], list[Tags]]:
    return [s.words for s in found], [s.tags or [] for s in found]


def _parts(found: Iterator[Sentence]) -> Iterator[list[Sentence]]:
    while part := list(islice(found, CHUNK)):
        yield part


def _place(error: SeqkitError, found: Sequence[Sentence]) -> str | None:
    """File and line of the first word whose tag caused an error."""
    for sentence in found if error.kind == "tag" else ():
        if error.value in (tags := list(sentence.tags or [])):
            return f"word {tags.index(error.value) + 1} of the sentence of {sentence.where}"
    return None
