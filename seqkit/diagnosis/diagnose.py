"""Train a classifier and find out what ails it: gathers what a Diagnosis holds.

Any classifier of scikit-learn's manner will do (get_params, fit, predict_proba; classes in sorted order). Not
handled: several labels a text, a model trained elsewhere, early stopping on dev (errors are those of the last
epoch).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from seqkit.core import files
from seqkit.core import options as settings
from seqkit.core.errors import FormatError, OptionError, did_you_mean
from seqkit.core.options import option
from seqkit.core.types import Array
from seqkit.diagnosis import causes, gaps
from seqkit.diagnosis.confident_learning import LabelErrors, find_label_errors
from seqkit.diagnosis.label_noise import Part, judge_labels
from seqkit.diagnosis.loss_curve import entropy, signs
from seqkit.diagnosis.result import Diagnosis, check_out
from seqkit.diagnosis.slices import bands, most_confused, slices
from seqkit.diagnosis.trainings import Fits
from seqkit.evaluate.bootstrap import interval, mean_of
from seqkit.evaluate.choice import Limit, pick
from seqkit.evaluate.classification import classification
from seqkit.report.pages.diagnosis_page import diagnosis_page
from seqkit.text.duplicates import duplicates, plain
from seqkit.text.splits import check_groups, folds

EIGHTHS = (1, 2, 4)  # of the training rows, for the curve by size
VALUES = ("accuracy", "macro_f1", "ms", "ms_batched", "parameters")  # what limits may be set on
_MANY = 20  # values of a slice, most frequent first; copies and labels that are named


@dataclass(frozen=True)
class DiagnoseOptions:
    """What is looked for, and how finely."""

    human: float | None = option(None, low=0.0, high=1.0, help="error of people, or the best known")
    least: float = option(
        0.02, low=0.0, high=1.0, help="gaps and shares are named when their whole interval lies above"
    )
    threshold: float = option(
        0.8, low=0.01, high=1.0, help="Jaccard similarity from which two texts are copies"
    )
    folds: int = option(5, low=2, help="for probabilities out of fold")
    judged: int = option(20_000, low=2, help="most training rows whose labels are judged")
    sizes: bool = option(True, help="also train on 1/8, 1/4 and 1/2 of the rows")
    shown: int = option(30, low=0, help="rows of highest loss, suspected labels and copies that are shown")
    timed: int = option(50, low=1, help="rows that are predicted one by one to take the time")
    seed: int = option(1, low=0, help="seed of folds, sizes and the bootstrap")

    def __post_init__(self) -> None:
        settings.check(self)


def diagnose(
    model: Any,
    parts: Mapping[str, Part],
    *,
    options: DiagnoseOptions | None = None,
    limits: Sequence[Limit] = (),
    report: Callable[[str], None] | None = None,
) -> Diagnosis:
    """Train fresh copies of `model` and say what ails it; `model` itself stays as it is.

    parts: train and dev, and if there are train-dev and test. limits: satisficing, on Diagnosis.values.
    report: told of stages. It trains once on all rows, on three shares of them, and at a tenth of the rate
    where the loss or a bias gives a reason.
    Raises:  FormatError for a part that is empty, one class, a label that training has not, a group in two
             parts; OptionError for a limit on what is not measured; TrainingError if training breaks off at a
             tenth of the rate as well.
    """
    for limit in limits:
        pick(dict.fromkeys(VALUES, 0.0), limit.metric)  # or refused before the training
    return _Examination(model, parts, options or DiagnoseOptions(), report or (lambda _: None)).diagnosis(
        limits
    )


def save(found: Diagnosis, path: Path | str) -> None:
    """Write a page (.html) or the tables (.json), whole or not at all."""
    if check_out(path) == ".json":
        files.write_json(Path(path), found.to_json())
    else:
        diagnosis_page(found.to_json(), Path(path))


def check(parts: Mapping[str, Part]) -> list[str]:
    """The labels of training, sorted.  Raises:  FormatError and OptionError as `diagnose` does."""
    for name in ("train", "dev"):
        if name not in parts:
            raise OptionError(
                f"diagnose: no {name} part came, only {', '.join(parts) or 'none'}. Give train and dev."
            )
    for name, part in parts.items():
        if name not in gaps.PARTS:
            raise OptionError(
                f"diagnose: unknown part {name!r}; known: "
                f"{', '.join(gaps.PARTS)}.{did_you_mean(name, gaps.PARTS)}"
            )
        if not len(part.texts) or len(part.texts) != len(part.labels):
            raise FormatError(
                f"{name}: {len(part.texts):,} texts and {len(part.labels):,} labels came, expected one or "
                "more, as many of each."
            )
    classes = sorted(set(parts["train"].labels))
    if len(classes) < 2:
        raise FormatError(
            f"train: only the label {classes[0]!r} came, expected at least two. Is it the right column "
            "or file?"
        )
    for name, part in parts.items():
        unseen = Counter(label for label in part.labels if label not in classes)
        for label, count in unseen.most_common(1):
            raise FormatError(
                f"{name}: the label {label!r} ({count:,} rows) is not among those of training "
                f"({', '.join(classes[:_MANY])}). "
                f"Correct it, leave the rows out, or train on some.{did_you_mean(label, classes)}"
            )
    check_groups({name: part.groups for name, part in parts.items() if part.groups is not None})
    return classes


class _Examination:
    """The moving parts of one call of `diagnose`."""

    def __init__(
        self, model: Any, parts: Mapping[str, Part], o: DiagnoseOptions, report: Callable[[str], None]
    ) -> None:
        self.o, self.report, self.classes = o, report, check(parts)
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
        self.fits = Fits(model, self.train.texts, self.train.labels, self.classes, report)
        self.probs = {name: self.fits.probabilities(part.texts) for name, part in self.parts.items()}
        self.wrong = {name: p.argmax(1) != self.given[name] for name, p in self.probs.items()}

    def diagnosis(self, limits: Sequence[Limit]) -> Diagnosis:
        errors = gaps.errors(self.wrong, seed=self.o.seed)
        found = gaps.gaps(errors, human=self.o.human, least=self.o.least)
        self.report("judging labels, out of fold")
        judged = judge_labels(
            self.train, folds=self.o.folds, most=self.o.judged, shown=self.o.shown, seed=self.o.seed
        )
        linear = {n: judged.wrong(part.texts, part.labels) for n, part in self.parts.items() if n != "train"}
        found = [
            *self._rate(found),
            self._noise(judged.found, linear["dev"]),
            *self._beaten(found, linear["dev"]),
        ]
        scores = {name: score.value for name, score in errors.scores.items()}
        found = causes.explain([*self._leaks(), *found], scores, human=self.o.human, least=self.o.least)
        classes = classification(
            self.probs["dev"].argmax(1), self.given["dev"], self.classes, {"part": "dev"}
        ).to_json()
        values = self._values(classes)
        rows = self._rows()
        return Diagnosis(
            about=self._about(),
            errors=[score.to_json() for score in errors.scores.values()],
            findings=[finding.to_json() for finding in found],
            values=values,
            classes=classes,
            confused=most_confused(np.array(classes["confusion"]), self.classes),
            slices=slices(self.wrong["dev"], self._slices(), seed=self.o.seed),
            examples=rows[: self.o.shown],
            wrong=[row for row in rows if row["predicted"] != row["label"]],
            sizes=self._sizes() if self.o.sizes else [],
            curve={
                "steps": self.fits.steps.points(),
                "epochs": self.fits.history,
                "guessing": entropy(self.given["train"]),
            },
            copies=self._copies(),
            labels=judged.table,
            baseline=[score.to_json() for score in gaps.errors(linear, seed=self.o.seed).scores.values()],
            limits=[
                {"limit": str(limit), "value": pick(values, limit.metric), "met": limit.met(values)}
                for limit in limits
            ],
        )

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
        """Whether a tenth of the rate does better, where there is a reason to ask."""
        fits, guessing = self.fits, entropy(self.given["train"])
        seen = [fits.broke] if fits.broke else signs(fits.steps.losses, fits.history, guessing)
        bias = any(finding.named for finding in found if finding.name == "avoidable bias")
        if fits.lr is None or not (fits.broke or (fits.steps.losses and (seen or bias))):
            return []
        fits.slower()
        losses = np.zeros(0) if fits.broke else fits.steps.last()
        return [
            causes.high_rate(
                losses, fits.slow_steps.last(), fits.lr, seen, guessing=guessing, seed=self.o.seed
            )
        ]

    def _noise(self, found: LabelErrors, linear: Annotated[Array, "N"]) -> gaps.Finding:
        worse = linear.astype(np.float64) - self.wrong["dev"]
        low = interval(mean_of(worse), len(worse), seed=self.o.seed)
        return causes.label_noise(found, human=self.o.human, least=self.o.least, worse=low[0] if low else 0.0)

    def _beaten(self, found: Sequence[gaps.Finding], linear: Annotated[Array, "N"]) -> list[gaps.Finding]:
        """The gaps; the bias says so if the linear baseline is better on dev."""
        gain = self.wrong["dev"] - linear.astype(np.float64)
        low = interval(mean_of(gain), len(gain), seed=self.o.seed)
        if not low or low[0] <= self.o.least:
            return list(found)
        note = f"a linear model on words and pairs of words errs {gain.mean():.3f} less on dev"
        return [
            replace(f, note="; ".join(filter(None, [note, f.note]))) if f.name == "avoidable bias" else f
            for f in found
        ]

    def _rows(self) -> list[dict[str, Any]]:
        """The rows of dev, highest loss first; suspected: by the model itself, which did not see them in
        training.
        """
        probs, given = self.probs["dev"], self.given["dev"]
        suspected = np.zeros(len(given), bool)
        there = np.unique(given)
        if len(there) > 1:
            own = probs[:, there] / np.maximum(probs[:, there].sum(1, keepdims=True), 1e-30)
            suspected[find_label_errors(own, np.searchsorted(there, given), seed=self.o.seed).suspects] = True
        losses = -np.log(np.maximum(probs[np.arange(len(given)), given], 1e-30))
        return [
            {
                "row": i + 1,
                "text": self.dev.texts[i],
                "label": self.dev.labels[i],
                "loss": float(losses[i]),
                "predicted": self.classes[probs[i].argmax()],
                "probability": float(probs[i].max()),
                "suspected": "label?" if suspected[i] else "",
            }
            for i in np.argsort(-losses, kind="stable").tolist()
        ]

    def _slices(self) -> dict[str, Annotated[Array, "N"]]:
        words = [plain(text).split() for text in self.dev.texts]
        known = {word for text in self.train.texts for word in plain(text).split()}
        unknown = np.array([sum(word not in known for word in row) for row in words])
        found = bands(np.array([len(row) for row in words]), "words")
        found |= {"no new word": unknown == 0, "1 new word": unknown == 1, "2 or more new words": unknown > 1}
        for name, values in {"label": self.dev.labels, **self.dev.slices}.items():
            for value, _ in Counter(values).most_common(_MANY):
                found[f"{name} = {value}"] = np.array([v == value for v in values])
        return found

    def _sizes(self) -> list[dict[str, Any]]:
        """Errors of the training rows used and of dev, by how many were used; each share holds the smaller
        ones.
        """
        if len(self.train.texts) < 8 * len(self.classes):
            return []
        eighths = folds(self.train.labels, 8, groups=self.train.groups, seed=self.o.seed)
        table = []
        for count in EIGHTHS:
            rows = np.sort(np.concatenate(eighths[:count]))
            predict = self.fits.share(rows)
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

    def _values(self, classes: Mapping[str, Any]) -> dict[str, float]:
        alone, together = self.fits.milliseconds(self.dev.texts, self.o.timed)
        values = {
            "accuracy": classes["accuracy"]["value"],
            "macro_f1": classes["macro_f1"]["value"] or 0.0,
            "ms": alone,
            "ms_batched": together,
        }
        parameters = getattr(self.fits.best, "num_parameters", None)
        return values if parameters is None else values | {"parameters": parameters}

    def _copies(self) -> dict[str, Any]:
        plain_ = self.copies.to_json()
        shown = [
            copy
            | {
                "text": self.parts[copy["part"]].texts[copy["row"]],
                "of_text": self.parts[copy["of"]].texts[copy["of_row"]],
            }
            for copy in plain_["copies"][: self.o.shown]
        ]
        return plain_ | {"copies": shown}

    def _about(self) -> dict[str, Any]:
        params = {
            name: value
            for name, value in self.fits.best.get_params().items()
            if name not in ("device", "threads")
        }
        return {
            "model": type(self.fits.best).__name__,
            "settings": params,
            "labels": self.classes,
            "lr": self.fits.lr,
            "broke": self.fits.broke,
            "rows": {name: len(part.texts) for name, part in self.parts.items()},
            "options": asdict(self.o),
        }
