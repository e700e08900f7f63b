"""A training run in a folder: text in; vectors, corpus, checkpoint and run.json out."""

import dataclasses
import hashlib
import json
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.errors import OptionError, did_you_mean
from seqkit.embeddings.vectors import Vectors
from seqkit.embeddings.word2vec import CONTEXTS, Estimate, Word2Vec
from seqkit.text.corpus import Corpus
from seqkit.text.normalize import Normalizer
from seqkit.train.progress import Progress

PACKAGES = ("seqkit", "numpy", "numba", "tokenizers", "nltk")


def make_model(context: str, settings: list[str], **given: Any) -> Word2Vec:
    """A model by the name of its context; `settings` are "name=value" texts, value read as JSON or taken as it stands.

    Raises:  OptionError for an unknown context, setting or value.
    """
    if context not in CONTEXTS:
        raise OptionError(f"unknown context {context!r}; known: {', '.join(CONTEXTS)}.{did_you_mean(context, CONTEXTS)}")
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise OptionError(f"set: {setting!r} came, expected name=value, such as noise_exponent=0.5.")
        try:
            given[name] = json.loads(value)
        except ValueError:
            given[name] = value
    return CONTEXTS[context](**given)


class Run:
    """One model, one text, one folder."""

    def __init__(
        self, model: Word2Vec, source: str, out: Path, *, tokenizer: str = "whitespace", lower: bool = False,
        initial: Path | None = None,
    ) -> None:  # fmt: skip
        self.model, self.source, self.out = model, source, out
        self.tokenizer, self.lower, self.initial = tokenizer, lower, initial

    def corpus(self, folder: Path | None) -> Corpus:
        """The corpus folder that was given, or the text made into one within `folder` (in memory for None)."""
        if self.source != "-" and Path(self.source).is_dir() and (Path(self.source) / "manifest.json").is_file():
            return Corpus.load(self.source)
        normalizer = Normalizer(lower=self.lower)
        return Corpus.build(self.source, self.tokenizer, normalizer=normalizer, threads=self.model.threads, out=folder)

    def estimate(self) -> Estimate:
        """What the run will need; writes nothing."""
        return self.model.estimate(self.corpus(None))

    def train(self, *, resume: bool = False, report: Callable[[Progress], None] | None = None) -> dict[str, Any]:
        """Train, write vectors and run.json to the folder, and return what run.json holds."""
        corpus = self.corpus(self.out / "corpus")
        initial = None if self.initial is None else Vectors.load(self.initial)
        vectors = self.model.fit(corpus, initial=initial, checkpoint=self.out / "checkpoint", resume=resume, report=report)
        vectors.save(self.out)
        result = {
            "model": type(self.model).__name__, "settings": self.model.get_params(), "words": len(vectors),
            "corpus": {**corpus.meta, "source": self.source, "fingerprint": corpus.fingerprint},
            "history": [{"epoch": e.number, "loss": e.loss.mean, "predictions": e.loss.count, "tokens": e.units,
                         "seconds": round(e.seconds, 3)} for e in self.model.history],
            "matrix_sha256": hashlib.sha256(vectors.matrix.tobytes()).hexdigest(),
            "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        }  # fmt: skip
        files.write_json(self.out / "run.json", result)
        return result


def summary(estimate: Estimate) -> tuple[dict[str, Any], str]:
    """An estimate as JSON values and as text."""
    e = estimate
    text = (
        f"{e.words:,} words, {e.tokens:,} tokens to read, {e.memory / 2**20:,.0f} MiB of memory, "
        f"about {e.seconds:,.0f} s at {e.tokens_per_second / 1e3:,.0f}k words/s"
    )
    return dataclasses.asdict(e), text
