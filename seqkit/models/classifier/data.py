"""Training data of a classifier: labelled texts; beside it the baselines, on the same texts.

Not handled: tuning; the model that is trained for comparison has its usual training settings.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seqkit.core.errors import FormatError, SeqkitError
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.base import Run
from seqkit.models.classifier.baselines import Part, ladder
from seqkit.models.classifier.labels import Targets
from seqkit.models.classifier.model import TextClassifier
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.readers.labelled import Labelled, labelled, to_targets
from seqkit.text.splits import split
from seqkit.train.data import Data

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
    **reading: Any,
) -> Data:
    """Labelled texts of a file, and those of `valid`, else of a tenth held out.

    lm: a language model that a recurrent network reads. compare: train the baselines too, the other reader
    with these arguments of `fit`. reading: how files are read, see text.readers.labelled.labelled.
    Raises:  FormatError for a broken file, or a label in `valid` that training does not have.
    """
    model = None if lm is None else LanguageModel.load(lm, device=device)
    rows = labelled(source, **reading)
    try:
        targets = Targets.learn(to_targets(rows))
    except FormatError as error:
        raise error.at(source) from error
    if valid is None:
        parts = split([row.labels for row in rows], {"train": 1 - HELD_OUT, "dev": HELD_OUT})
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
        return found | ({} if compare is None else _compared(trained, train, given, compare))

    return Data(train, "texts", given, about, after)


def to_part(rows: Sequence[Labelled]) -> Part:
    """Texts and labels."""
    return [row.text for row in rows], to_targets(rows)


def check_known(rows: Sequence[Labelled], targets: Targets) -> None:
    """Raise FormatError, naming the line, for a label that training does not have."""
    try:
        targets.ids(to_targets(rows), len(rows))
    except SeqkitError as error:
        if error.row is None:
            raise
        raise error.at(rows[error.row].where) from error


def _compared(model: TextClassifier, train: Part, given: Mapping[str, Any], compare: Run) -> dict[str, Any]:
    """The baselines and the model, with the other one of averaged and recurrent trained for comparison."""
    own, settings = model.own, model.get_params()
    names = (*vars(own), *vars(model.options["text"]), "seed", "embed_dim", "device", "threads")
    reader = "averaged" if own.recurrent else "recurrent"
    other = TextClassifier(**({name: settings[name] for name in names} | {"reader": reader}))
    read = given if other.own.recurrent else {**given, "lm": None}

    def fit(one: TextClassifier) -> None:
        if one is not model:
            one.fit(*train, **read, **compare)

    pair = sorted([model, other], key=lambda one: one.own.recurrent)
    return ladder(train, given["valid"], pair, fit).to_json()
