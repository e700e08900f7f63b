"""A tagger and files: a training run in a folder (model, checkpoint, log and run.json), scores of a file,
labels for a file.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from seqkit.core import files
from seqkit.core.errors import FormatError, OptionError
from seqkit.core.score import Score
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.run import nothing_half_written, outcome
from seqkit.models.tagger.labels import Tags
from seqkit.models.tagger.model import CHUNK, Tagger
from seqkit.text import bioes
from seqkit.text.readers import conll
from seqkit.text.readers.conll import Sentence, sentences
from seqkit.train.log import JsonLines, Log
from seqkit.train.progress import Progress
from seqkit.train.world import World


class TaggerRun:
    """One model, one file of tagged sentences, one folder."""

    def __init__(
        self,
        model: Tagger,
        source: str,
        out: Path,
        *,
        valid: str | None = None,
        vectors: Path | None = None,
        **reading: Any,
    ) -> None:
        """reading: format and column, as text.readers.conll.sentences has them."""
        self.model, self.source, self.out, self.valid, self.vectors, self.reading = (
            model,
            source,
            out,
            valid,
            vectors,
            reading,
        )

    def train(
        self,
        *,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        logs: Sequence[Log] = (),
        world: World | None = None,
    ) -> dict[str, Any]:
        """Train, write model and run.json to the folder, and return what run.json holds."""
        model, first = self.model, world is None or world.rank == 0
        found = list(sentences(self.source, **self.reading))
        held = [] if self.valid is None else list(sentences(self.valid, **self.reading))
        vectors = None if self.vectors is None else Vectors.load(self.vectors)
        log = [JsonLines(self.out / "log.jsonl"), *logs] if first else ()
        try:
            with nothing_half_written(self.out):
                model.fit(
                    *_pair(found),
                    valid=_pair(held) if held else None,
                    vectors=vectors,
                    checkpoint=self.out / "checkpoint",
                    resume=resume,
                    report=report,
                    logs=log,
                    world=world,
                )
        except FormatError as error:
            raise _located(error, [*found, *held]) from error
        scores = model.evaluate(*_pair(held)) if held else []
        data = {
            "source": self.source,
            "valid": self.valid,
            "vectors": str(self.vectors) if self.vectors else None,
            **self.reading,
            "sentences": len(found),
            "words": sum(len(s.words) for s in found),
        }
        result = outcome(
            model,
            model.network,
            "sentences",
            data=data,
            labels=model.classes_,
            scheme=model.labels.scheme,
            given=model.labels.given,
            coverage=model.coverage,
            scores=[score.to_json() for score in scores],
        )
        if first:
            model.save(self.out)
            files.write_json(self.out / "run.json", result)
        return result


def evaluate(model: Tagger, source: str, **reading: Any) -> list[Score]:
    """The scores of a file of tagged sentences; reading as for TaggerRun.

    Raises:  FormatError, with file and line, for what is no tag; if no label was met in training.
    """
    found = list(sentences(source, **reading))
    try:
        return model.evaluate(*_pair(found))
    except FormatError as error:
        raise _located(error, found) from error


def predict(
    model: Tagger,
    source: str,
    file: IO[bytes],
    *,
    output: str = "conll",
    scheme: str | None = None,
    **reading: Any,
) -> int:
    """Write the words of a source with their labels to an open file; return how many sentences there were.

    output: conll or jsonl. scheme: of the spans; the one the model was trained with if not given. reading:
    format and unit.
    """
    if output not in ("conll", "jsonl"):
        raise OptionError(f"output: {output!r} came, allowed are conll and jsonl.")
    if scheme is not None and model.labels.given is None:
        raise OptionError(
            f"scheme: {scheme!r} came, but the labels of this model are no spans "
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


def _located(error: FormatError, found: Sequence[Sentence]) -> FormatError:
    """The same error with the place of the first tag that is none of spans, if that is what it is about."""
    if str(error).startswith("tags:"):
        for sentence in found:
            for number, tag in enumerate(sentence.tags or [], 1):
                try:
                    bioes.spans([] if tag is None else [tag])
                except FormatError:
                    return FormatError(f"word {number} of the sentence of {sentence.where}: {error}")
    return error
