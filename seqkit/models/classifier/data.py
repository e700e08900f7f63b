"""Training a classifier in a folder: labelled texts in; the ladder, the model, its checkpoint, log and
run.json out.

Not handled: tuning; the rung that was not asked for has its usual training settings.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seqkit.core import files
from seqkit.core.errors import FormatError
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.classifier.baselines import Part, ladder
from seqkit.models.classifier.labels import Targets
from seqkit.models.classifier.model import TextClassifier
from seqkit.models.language_model.model import LanguageModel
from seqkit.models.run import nothing_half_written, outcome
from seqkit.text.readers.labelled import Labelled, labelled, to_targets
from seqkit.text.splits import split
from seqkit.train.log import JsonLines
from seqkit.train.progress import Progress
from seqkit.train.world import World


class ClassifierRun:
    """One file of labelled texts, one folder.  held_out: share of the texts to validate on, where no file is
    given for it.
    """

    def __init__(
        self,
        model: TextClassifier,
        source: str,
        out: Path,
        *,
        valid: str | None = None,
        vectors: Path | None = None,
        lm: Path | None = None,
        held_out: float = 0.1,
        **reading: Any,
    ) -> None:
        """reading: how files are read, as text.readers.labelled.labelled has it."""
        self.model, self.source, self.out, self.valid, self.held_out = model, source, out, valid, held_out
        self.vectors, self.lm, self.reading = vectors, lm, reading

    def train(
        self,
        *,
        resume: bool = False,
        report: Callable[[Progress], None] | None = None,
        world: World | None = None,
    ) -> dict[str, Any]:
        """Train all rungs of the ladder, write the model that was asked for, and return what run.json holds.

        Everything is read and checked before anything is written.
        """
        first = world is None or world.rank == 0
        lm = None if self.lm is None else LanguageModel.load(self.lm, device=self.model.device)
        rows = labelled(self.source, **self.reading)
        try:
            targets = Targets.learn(to_targets(rows))
        except FormatError as error:
            raise FormatError(f"{self.source}: {error}") from error
        if self.valid is None:
            parts = split([row.labels for row in rows], {"train": 1 - self.held_out, "dev": self.held_out})
            rows, dev = [rows[i] for i in parts["train"]], [rows[i] for i in parts["dev"]]
        else:
            dev = labelled(self.valid, **self.reading)
        check_known(dev, targets)
        train, valid = to_part(rows), to_part(dev)
        vectors = None if self.vectors is None else Vectors.load(self.vectors)
        common: dict[str, Any] = {"valid": valid, "vectors": vectors, "report": report, "world": world}

        def fit(model: TextClassifier) -> None:
            own: dict[str, Any] = (
                {"checkpoint": self.out / "checkpoint", "resume": resume} if model is self.model else {}
            )
            logs = [JsonLines(self.out / "log.jsonl")] if model is self.model and first else []
            model.fit(
                train[0],
                train[1],
                lm=lm if model.classifier_options.recurrent else None,
                logs=logs,
                **own,
                **common,
            )

        pair = [self.model, self._partner()]
        with nothing_half_written(self.out):
            rungs = ladder(train, valid, sorted(pair, key=lambda m: m.classifier_options.recurrent), fit)
        result = outcome(
            self.model,
            self.model.network,
            "texts",
            source=self.source,
            valid=self.valid,
            reading=self.reading,
            classes=targets.classes,
            coverage=self.model.coverage,
            padding=self.model.padding,
            **rungs.to_json(),
            texts={"train": len(rows), "dev": len(dev)},
            unknown=self.model.unknown(valid[0]),
        )
        if first:
            self.model.save(self.out)
            files.write_json(self.out / "run.json", result)
        return result

    def _partner(self) -> TextClassifier:
        """The other one of averaged and recurrent, reading alike."""
        given = self.model.get_params()
        alike = {
            name: given[name]
            for name in (*vars(self.model.classifier_options), "seed", "embed_dim", "device", "threads")
        }
        return TextClassifier(
            **(alike | {"reader": "averaged" if self.model.classifier_options.recurrent else "recurrent"})
        )


def to_part(rows: Sequence[Labelled]) -> Part:
    """Texts and labels."""
    return [row.text for row in rows], to_targets(rows)


def check_known(rows: Sequence[Labelled], targets: Targets) -> None:
    """Raise FormatError, naming the line, for a label that training had not."""
    for row in rows:
        try:
            targets.ids(to_targets([row]), 1)
        except FormatError as error:
            raise FormatError(f"{row.where}: {str(error).removeprefix('labels: label 1 is ')}") from error
