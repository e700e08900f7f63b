"""Train a classifier and find its faults: gathers what a Diagnosis holds.

Any classifier like those of scikit-learn will do (get_params, fit, predict_proba; classes in sorted order).
Not handled: several labels for one text, a model trained elsewhere, early stopping on dev.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from seqkit.core.types import Array
from seqkit.diagnosis import causes, gaps
from seqkit.diagnosis.causes import entropy, signs
from seqkit.diagnosis.labels.confident_learning import LabelErrors
from seqkit.diagnosis.labels.label_noise import judge_labels
from seqkit.diagnosis.options import DiagnoseOptions
from seqkit.diagnosis.parts import Part, check_parts
from seqkit.diagnosis.result import Diagnosis
from seqkit.diagnosis.slices import most_confused, slices
from seqkit.diagnosis.tables import dev_rows, dev_slices, measured_values, shown_copies
from seqkit.diagnosis.trainings import Trainings
from seqkit.evaluate.bootstrap import interval, mean_of
from seqkit.evaluate.choice import Limit, pick
from seqkit.evaluate.classification import classification
from seqkit.report.pages.diagnosis_page import diagnosis_page
from seqkit.report.pages.out import save as save_report
from seqkit.text.duplicates import duplicates
from seqkit.text.splits import folds

EIGHTHS = (1, 2, 4)  # of the training rows, for the curve by size
VALUES = ("accuracy", "macro_f1", "ms", "ms_batched", "parameters")  # what limits may be set on


def diagnose(
    model: Any,
    parts: Mapping[str, Part],
    *,
    options: DiagnoseOptions | None = None,
    limits: Sequence[Limit] = (),
    report: Callable[[str], None] | None = None,
) -> Diagnosis:
    """Train fresh copies of `model` and name its faults; `model` itself does not change.

    parts: train and dev, and where they exist train-dev and test.   limits: on Diagnosis.values.
    report: called at each stage. It trains once on all rows, once on each of three shares of them, and, if
    the loss or a bias gives a reason, at a tenth of the learning rate.
    Raises:  FormatError for a part that is empty, one class, a label that training lacks, a group in two
             parts; OptionError for a limit on what is not measured; TrainingError if training fails at a
             tenth of the rate as well.
    """
    for limit in limits:
        pick(dict.fromkeys(VALUES, 0.0), limit.metric)  # or refused before the training
    return _Examination(model, parts, options or DiagnoseOptions(), report or (lambda _: None)).diagnosis(
        limits
    )


def save(found: Diagnosis, path: Path | str) -> None:
    """Write a page (.html) or the tables (.json), whole or not at all."""
    save_report("diagnose", found.to_json(), diagnosis_page, path)


class _Examination:
    """The state of one call of `diagnose`."""

    def __init__(
        self, model: Any, parts: Mapping[str, Part], o: DiagnoseOptions, report: Callable[[str], None]
    ) -> None:
        self.o, self.report, self.classes = o, report, check_parts(parts)
        self.parts = {name: parts[name] for name in gaps.PARTS if name in parts}
        self.given = {
            name: np.searchsorted(self.classes, list(part.labels)) for name, part in self.parts.items()
        }
        self.train, self.dev = self.parts["train"], self.parts["dev"]
        report("looking for copies")
        self.copies = duplicates(
            {name: part.texts for name, part in self.parts.items()},
            threshold=o.threshold,
            labels={name: part.labels for name, part in self.parts.items()},
        )
        self.trained = Trainings(model, self.train.texts, self.train.labels, self.classes, report)
        self.probs = {name: self.trained.probabilities(part.texts) for name, part in self.parts.items()}
        self.wrong = {name: p.argmax(1) != self.given[name] for name, p in self.probs.items()}

    def diagnosis(self, limits: Sequence[Limit]) -> Diagnosis:
        errors = gaps.errors(self.wrong, seed=self.o.seed)
        self.report("judging labels, out of fold")
        judged = judge_labels(self.train, folds=self.o.folds, most=self.o.judged, seed=self.o.seed)
        linear = {n: judged.wrong(part.texts, part.labels) for n, part in self.parts.items() if n != "train"}
        findings = self._findings(errors, judged.found, linear["dev"])
        classes = classification(
            self.probs["dev"].argmax(1), self.given["dev"], self.classes, {"part": "dev"}
        ).to_json()
        values = measured_values(self.trained, self.dev.texts, self.o.timed, classes)
        rows = dev_rows(self.dev, self.probs["dev"], self.given["dev"], self.classes, seed=self.o.seed)
        return Diagnosis(
            about=self._about(),
            errors=[score.to_json() for score in errors.scores.values()],
            findings=[finding.to_json() for finding in findings],
            values=values,
            classes=classes,
            confused=most_confused(np.array(classes["confusion"]), self.classes),
            slices=slices(self.wrong["dev"], dev_slices(self.train, self.dev), seed=self.o.seed),
            examples=rows[: self.o.shown],
            wrong=[row for row in rows if row["predicted"] != row["label"]],
            sizes=self._sizes() if self.o.sizes else [],
            curve=self._curve(),
            copies=shown_copies(self.copies, self.parts, self.o.shown),
            labels=judged.table,
            baseline=[score.to_json() for score in gaps.errors(linear, seed=self.o.seed).scores.values()],
            limits=[_met(limit, values) for limit in limits],
        )

    def _findings(
        self, errors: gaps.Errors, labels: LabelErrors, linear: Annotated[Array, "N"]
    ) -> list[gaps.Finding]:
        """Causes and gaps.  linear: the errors of the linear baseline on dev."""
        found = gaps.gaps(errors, human=self.o.human, least=self.o.least)
        found = [*self._rate(found), self._noise(labels, linear), *self._beaten(found, linear)]
        scores = {name: score.value for name, score in errors.scores.items()}
        return causes.explain([*self._leaks(), *found], scores, human=self.o.human, least=self.o.least)

    def _leaks(self) -> list[gaps.Finding]:
        names = list(self.parts)
        found = []
        for i, name in enumerate(names[1:], 1):
            copied = np.zeros(len(self.wrong[name]), bool)
            for earlier in names[:i]:
                copied[self.copies.rows(name, earlier)] = True
            of = " or ".join(names[:i])
            found.append(causes.leak(name, copied, self.wrong[name], of=of, least=self.o.least))
        return found

    def _rate(self, found: Sequence[gaps.Finding]) -> list[gaps.Finding]:
        """Whether a tenth of the learning rate does better, if there is a reason to ask."""
        trained, guessing = self.trained, entropy(self.given["train"])
        seen = [trained.broke] if trained.broke else signs(trained.steps.losses, trained.history, guessing)
        bias = any(finding.named for finding in found if finding.name == "avoidable bias")
        if trained.lr is None or not (trained.broke or (trained.steps.losses and (seen or bias))):
            return []
        trained.slower()
        losses = np.zeros(0) if trained.broke else trained.steps.last()
        return [
            causes.high_rate(
                losses, trained.slow_steps.last(), trained.lr, seen, guessing=guessing, seed=self.o.seed
            )
        ]

    def _noise(self, found: LabelErrors, linear: Annotated[Array, "N"]) -> gaps.Finding:
        worse = linear.astype(np.float64) - self.wrong["dev"]
        low = interval(mean_of(worse), len(worse), seed=self.o.seed)
        return causes.label_noise(found, human=self.o.human, least=self.o.least, worse=low[0] if low else 0.0)

    def _beaten(self, found: Sequence[gaps.Finding], linear: Annotated[Array, "N"]) -> list[gaps.Finding]:
        """The gaps; a note at the bias if the linear baseline is better on dev."""
        gain = self.wrong["dev"] - linear.astype(np.float64)
        low = interval(mean_of(gain), len(gain), seed=self.o.seed)
        if not low or low[0] <= self.o.least:
            return list(found)
        note = f"a linear model on words and pairs of words errs {gain.mean():.3f} less on dev"
        return [
            replace(f, note="; ".join(filter(None, [note, f.note]))) if f.name == "avoidable bias" else f
            for f in found
        ]

    def _sizes(self) -> list[dict[str, Any]]:
        """Errors of the used training rows and of dev, by how many rows were used."""
        if len(self.train.texts) < 8 * len(self.classes):
            return []
        eighths = folds(self.train.labels, 8, groups=self.train.groups, seed=self.o.seed)
        table = []
        for count in EIGHTHS:
            rows = np.sort(np.concatenate(eighths[:count]))
            predict = self.trained.share(rows)
            if predict is None:
                continue
            own = predict([self.train.texts[i] for i in rows]).argmax(1) != self.given["train"][rows]
            table.append((len(rows), own, predict(self.dev.texts).argmax(1) != self.given["dev"]))
        table.append((len(self.train.texts), self.wrong["train"], self.wrong["dev"]))
        return [
            {
                "rows": size,
                **{
                    name: score.to_json()
                    for name, score in gaps.errors({"train": own, "dev": dev}).scores.items()
                },
            }
            for size, own, dev in table
        ]

    def _curve(self) -> dict[str, Any]:
        return {
            "steps": self.trained.steps.points(),
            "epochs": self.trained.history,
            "guessing": entropy(self.given["train"]),
        }

    def _about(self) -> dict[str, Any]:
        params = {
            name: value
            for name, value in self.trained.best.get_params().items()
            if name not in ("device", "threads")
        }
        return {
            "model": type(self.trained.best).__name__,
            "settings": params,
            "labels": self.classes,
            "lr": self.trained.lr,
            "broke": self.trained.broke,
            "rows": {name: len(part.texts) for name, part in self.parts.items()},
            "options": asdict(self.o),
        }


def _met(limit: Limit, values: Mapping[str, float]) -> dict[str, Any]:
    return {"limit": str(limit), "value": pick(values, limit.metric), "met": limit.met(values)}
