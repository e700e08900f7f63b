"""A training run in a folder: text in; vectors, corpus, checkpoint and run.json out."""

import dataclasses
import hashlib
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.errors import FormatError
from seqkit.core.options import parse_settings
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.testsets import analogies
from seqkit.embeddings.training.estimate import Estimate
from seqkit.embeddings.training.objective import objectives
from seqkit.embeddings.training.trainer import Trainer, trainer_of
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.normalize import Normalizer
from seqkit.text.readers.text import read
from seqkit.train.progress import Progress
from seqkit.train.world import World

PACKAGES = ("seqkit", "numpy", "numba", "tokenizers", "nltk")


def make_model(context: str, settings: list[str], **given: Any) -> Trainer:
    """A model by the names of its context and its loss; `settings` are "name=value" texts.

    Raises:  OptionError for an unknown context, loss, setting or value.
    """
    given |= parse_settings(settings)
    loss = given.get("loss", "negative-sampling")
    made = trainer_of(loss, context)
    if "deterministic" not in {field.name for field in dataclasses.fields(objectives.load(loss).Options)}:
        given.pop("deterministic", None)  # it always is
    return made(**{name: value for name, value in given.items() if name not in made.fixed})


class Run:
    """One model, one text, one folder."""

    def __init__(
        self,
        model: Any,
        source: str,
        out: Path,
        *,
        tokenizer: str = "whitespace",
        lower: bool = False,
        initial: Path | None = None,
        extend: bool = False,
        frozen: Path | None = None,
        validate: Path | None = None,
    ) -> None:
        """model: a Trainer, or another that fits a corpus to Vectors. frozen: a file of words.

        extend: keep all words of `initial`. validate: analogy questions, whose share right is kept for each
        epoch.
        """
        self.from_counts = getattr(model, "learns_from", "text") == "counts"
        if self.from_counts:
            start = {"initial": initial, "extend": extend, "frozen": frozen}
            model.check_start([name for name, value in start.items() if value])
        self.model, self.source, self.out, self.tokenizer, self.lower = model, source, out, tokenizer, lower
        self.initial, self.extend, self.frozen, self.validate = initial, extend, frozen, validate

    def corpus(
        self, folder: Path | None, reading: Callable[[int], None] | None = None
    ) -> Corpus | Cooccurrence:
        """The corpus or counts that were given, or the text made into a corpus (folder None: in memory)."""
        if self.source != "-" and Path(self.source).is_dir() and (kind := files.kind_of(Path(self.source))):
            if self.from_counts and kind == "cooccurrence":
                return Cooccurrence.load(self.source)
            return Corpus.load(self.source)
        return Corpus.build(
            self.source,
            self.tokenizer,
            normalizer=Normalizer(lower=self.lower),
            threads=self.model.threads,
            out=folder,
            report=reading,
        )

    def estimate(self) -> Estimate:
        """What the run will need; writes nothing."""
        start = {"initial": self._start(), "extend": True} if self.extend else {}
        needs: Estimate = self.model.estimate(self.corpus(None), **start)
        return needs

    def train(
        self,
        *,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        reading: Callable[[int], None] | None = None,
        world: World | None = None,
    ) -> dict[str, Any]:
        """Train, write vectors and run.json to the folder, and return what run.json holds.

        report: called with the progress of the training; reading: with the characters read before it. world:
        the processes of a parallel run, of which the first one writes; only for a model whose `fit` takes it.
        """
        first = world is None or world.rank == 0
        corpus = self.corpus(self.out / "corpus" if first else None, reading)
        start = self._start()
        keeping: dict[str, Any] = {
            "checkpoint": self.out / "checkpoint",
            "resume": resume,
            "report": report,
            "validate": None if self.validate is None else self._validation(self.validate, corpus, start),
        }
        if self.from_counts:
            counted = (
                self.model.count(corpus, out=self.out / "counts") if isinstance(corpus, Corpus) else corpus
            )
            vectors = self.model.fit(counted, **keeping)
        else:
            if self.frozen is not None:
                keeping["frozen"] = [word for piece in read(self.frozen) for word in piece.split()]
            keeping |= {"extend": True} if self.extend else {}
            keeping |= {} if world is None else {"world": world}
            vectors = self.model.fit(corpus, initial=start, **keeping)
        if first:
            vectors.save(self.out)
        result = {
            "model": type(self.model).__name__,
            "settings": self.model.get_params(),
            "words": len(vectors),
            "corpus": {**corpus.meta, "source": self.source, "fingerprint": corpus.fingerprint},
            "history": [
                {
                    "epoch": e.number,
                    "loss": e.loss.mean,
                    "predictions": e.loss.count,
                    self.model.unit: e.units,
                    "seconds": round(e.seconds, 3),
                    "validation": e.validation,
                }
                for e in self.model.history
            ],
            "matrix_sha256": hashlib.sha256(vectors.matrix.tobytes()).hexdigest(),
            "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        }
        if self.extend and start is not None:
            result["added"] = len(vectors) - len(start)
        if first:
            files.write_json(self.out / "run.json", result)
        return result

    def _start(self) -> Vectors | None:
        return None if self.initial is None else Vectors.load(self.initial)

    def _validation(
        self, path: Path, corpus: Corpus | Cooccurrence, start: Vectors | None
    ) -> Callable[[Vectors], float]:
        """The share of the questions of `path` that vectors answer; FormatError if none can ever be asked."""
        sections = analogies.read_questions(path)
        enough = corpus.vocab.counts >= self.model.options.min_count
        words = {word for word, kept in zip(corpus.vocab.tokens, enough, strict=True) if kept}
        words |= set(start.vocab.tokens) if self.extend and start is not None else set()
        if not any(words.issuperset(question) for section in sections for question in section.questions):
            raise FormatError(
                f"{path}: no question has all its words among the {len(words):,} to be trained. Give others."
            )
        return lambda vectors: analogies.evaluate(vectors, sections).total.value


def summary(estimate: Estimate) -> tuple[dict[str, Any], str]:
    """An estimate as JSON values and as text."""
    e = estimate
    text = (
        f"{e.words:,} words, {e.tokens:,} {'pairs to visit' if e.unit == 'pairs' else 'tokens to read'}, "
        f"{e.memory / 2**20:,.0f} MiB of memory, about {e.seconds:,.0f} s at "
        f"{e.tokens_per_second / 1e3:,.0f}k {e.unit}/s"
    )
    return dataclasses.asdict(e), text
