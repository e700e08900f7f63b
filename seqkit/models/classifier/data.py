"""Training data of a classifier: labelled texts; beside it the baselines, on the same texts.

Not handled: tuning; the model that is trained for comparison has its usual training settings.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from seqkit.core.errors import FormatError, SeqkitError
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.base import Run
from seqkit.models.classifier.baselines import Ladder, Part, judge, reader, simple
from seqkit.models.classifier.labels import Targets
from seqkit.models.classifier.model import TextClassifier
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.readers.labelled import Labelled, labelled, to_targets
from seqkit.text.splits import split
from seqkit.train.data import Data

Baselines = Literal["none", "linear", "all"]
HELD_OUT = 0.1  # share of the texts to validate on, where no file is given for it


def read(
    source: str,
    folder: Path | None = None,
    *,
    valid: str | None = None,
    vectors: Path | None = None,
    lm: Path | None = None,
    device: str = "auto",
    compare: Run | None = None,
    baselines: Baselines = "linear",
    **reading: Any,
) -> Data:
    """Labelled texts of a file, and those of `valid`, else of a tenth held out.

    lm: a language model that a recurrent network reads. compare: measure the model on the texts held out, and
    train `baselines` to compare it with: the majority and logistic regression (linear), and the other reader
    too (all), with these arguments of `fit`. reading: how files are read, see text.readers.labelled.labelled.
    Raises:  FormatError for a broken file, or a label in `valid` that training does not have.
    """
    model = None if lm is None else LanguageModel.load(lm, device=device)
    rows = labelled(source, **reading)
    try:
        targets = Targets.learn(to_targets(rows))
    except FormatError as error:
        raise error.at(source) from error
    if valid is None:
        parts = split([_in_order(row) for row in rows], {"train": 1 - HELD_OUT, "dev": HELD_OUT})
        rows, dev = [rows[i] for i in parts["train"]], [rows[i] for i in parts["dev"]]
    else:
        dev = labelled(valid, **reading)
    check_known(dev, targets)
    train, check = to_part(rows), to_part(dev)
    given: dict[str, Any] = {
        "valid": check,
        "vectors": None if vectors is None else Vectors.load(vectors),
        "lm": model,
    }
    about = {"source": source, "valid": valid, "reading": reading, "classes": targets.classes}
    about["texts"] = {"train": len(rows), "dev": len(dev)}

    def after(trained: TextClassifier, made: TextClassifier) -> dict[str, Any]:
        found = {"parameters": trained.num_parameters, "coverage": trained.coverage}
        found |= {"padding": trained.padding, "unknown": trained.unknown(check[0])}
        return found | ({} if compare is None else _compared(trained, train, given, compare, baselines))

    return Data(train, "texts", given, about, after)


def to_part(rows: Sequence[Labelled]) -> Part:
    """Texts and labels."""
    return [row.text for row in rows], to_targets(rows)


def _in_order(row: Labelled) -> tuple[Any, ...]:
    """The labels of a text, those of a set in their order, so that equal ones are equal as text."""
    return tuple(sorted(label) if isinstance(label, frozenset) else label for label in row.labels)


def check_known(rows: Sequence[Labelled], targets: Targets) -> None:
    """Raise FormatError, naming the line, for a label that training does not have."""
    try:
        targets.ids(to_targets(rows), len(rows))
    except SeqkitError as error:
        if error.row is None:
            raise
        raise error.at(rows[error.row].where) from error


def _compared(
    model: TextClassifier, train: Part, given: Mapping[str, Any], compare: Run, baselines: Baselines
) -> dict[str, Any]:
    """The model and the baselines on the texts held out, from the simplest up."""
    valid = given["valid"]
    rungs = [] if baselines == "none" else simple(train, valid, model.options)
    models = [model]
    if baselines == "all":
        own, settings = model.own, model.get_params()
        names = (*vars(own), *vars(model.options["text"]), "seed", "embed_dim", "device", "threads")
        usual = {name: settings[name] for name in names}
        usual |= {"reader": "averaged" if own.recurrent else "recurrent"}
        other = TextClassifier(**model.settings.read(usual))
        other.fit(*train, **(given if other.own.recurrent else {**given, "lm": None}), **compare)
        models = sorted([model, other], key=lambda one: one.own.recurrent)
    rungs += [judge(one, valid, chosen=True) for one in models]
    return Ladder(rungs, reader(model)).to_json()
