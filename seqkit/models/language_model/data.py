"""A training run of a language model in a folder: text in; model, corpus, checkpoint, log, curve and run.json
out.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.errors import OptionError
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.language_model.model import LanguageModel
from seqkit.models.run import nothing_half_written, outcome
from seqkit.report.curves import learning_curve
from seqkit.report.figure import check_picture
from seqkit.text.codec import Codec
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.normalize import Normalizer
from seqkit.train.log import JsonLines, Log
from seqkit.train.progress import Progress
from seqkit.train.world import World

UNITS = ("word", "whitespace", "character", "subword")


class LanguageModelRun:
    """One model, one text, one folder."""

    def __init__(
        self,
        model: LanguageModel,
        source: str,
        out: Path,
        *,
        unit: str = "word",
        lower: bool = False,
        min_count: int = 1,
        max_size: int | None = None,
        valid: str | None = None,
        vectors: Path | None = None,
        freeze: bool = False,
        curve: Path | None = None,
    ) -> None:
        """unit: word, whitespace (text that is tokenised already), character or subword[:model]. curve:
        picture of the losses.
        """
        if unit.partition(":")[0] not in UNITS:
            raise OptionError(f"unit: {unit!r} came, allowed are {', '.join(UNITS)} and subword:MODEL.")
        if curve is not None:
            check_picture(curve)  # before the work, not after it
        self.curve = curve
        self.model, self.source, self.out, self.unit, self.lower = model, source, out, unit, lower
        self.min_count, self.max_size, self.valid, self.vectors, self.freeze = (
            min_count,
            max_size,
            valid,
            vectors,
            freeze,
        )

    def corpus(self, folder: Path | None, reading: Callable[[int], None] | None = None) -> Corpus:
        """The corpus folder that was given, or the text made into one within `folder`, each line ended by
        </s>.
        """
        if self.source != "-" and (Path(self.source) / "manifest.json").is_file():
            if (self.unit, self.lower, self.min_count, self.max_size) != ("word", False, 1, None):
                raise OptionError(
                    f"{self.source} is a corpus, cut already: leave out unit, lower, min_count and max_size."
                )
            return Corpus.load(self.source)
        return Corpus.build(
            self.source,
            self.unit,
            normalizer=Normalizer(lower=self.lower),
            add_eos=True,
            min_count=self.min_count,
            max_size=self.max_size,
            threads=self.model.threads,
            out=folder,
            report=reading,
        )

    def train(
        self,
        *,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        reading: Callable[[int], None] | None = None,
        logs: Sequence[Log] = (),
        world: World | None = None,
    ) -> dict[str, Any]:
        """Train, write model and run.json to the folder, and return what run.json holds."""
        first = world is None or world.rank == 0
        with nothing_half_written(self.out):
            corpus = self.corpus(self.out / "corpus" if first else None, reading)
            valid = (
                None
                if self.valid is None
                else Codec.of(corpus).corpus(self.valid, threads=self.model.threads)
            )
            vectors = None if self.vectors is None else Vectors.load(self.vectors)
            self.out.mkdir(parents=True, exist_ok=True)
            self.model.fit(
                corpus,
                valid=valid,
                vectors=vectors,
                freeze=self.freeze,
                checkpoint=self.out / "checkpoint",
                resume=resume,
                report=report,
                logs=[JsonLines(self.out / "log.jsonl"), *logs] if first else (),
                world=world,
            )
        about = {**corpus.meta, "source": self.source, "fingerprint": corpus.fingerprint}
        result = outcome(
            self.model,
            self.model.network,
            "tokens",
            corpus=about,
            vocabulary=len(corpus.vocab),
            valid=None if valid is None else {**valid.meta, "source": self.valid},
            coverage=self.model.coverage,
        )
        if first:
            self.model.save(self.out)
            files.write_json(self.out / "run.json", result)
            if self.curve is not None:
                history = self.model.history
                learning_curve(self.curve, [e.loss.mean for e in history], [e.validation for e in history])
        return result
