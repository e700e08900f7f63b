"""What the commands of `seqkit tune` train on: files as the arguments of `fit`, to learn from and to compare
by.
"""

from pathlib import Path
from typing import Any

from seqkit.models.classifier.data import check_known, to_part
from seqkit.models.classifier.labels import Targets
from seqkit.models.language_model.data import LanguageModelRun
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.codec import Codec
from seqkit.text.readers.labelled import labelled, to_targets
from seqkit.text.splits import split

Data = tuple[tuple[Any, ...], Any]  # what fit takes by place, and as `valid`
HELD_OUT = 0.1


def lm_data(model: LanguageModel, source: str, valid: str | None, **reading: Any) -> Data:
    """The corpus of a text (or a corpus folder) and that of `valid`.  reading: unit, lower and so on, as
    LanguageModelRun.
    """
    corpus = LanguageModelRun(model, source, Path(), **reading).corpus(None)
    return (corpus,), None if valid is None else Codec.of(corpus).corpus(valid, threads=model.threads)


def classifier_data(source: str, valid: str | None) -> Data:
    """Texts and labels of a file and of `valid`, or of a tenth held out.

    Raises:  FormatError for a broken file, or a label in `valid` that training has not.
    """
    rows = labelled(source)
    if valid is None:
        parts = split([row.labels for row in rows], {"train": 1 - HELD_OUT, "dev": HELD_OUT})
        rows, dev = [rows[i] for i in parts["train"]], [rows[i] for i in parts["dev"]]
    else:
        dev = labelled(valid)
    check_known(dev, Targets.learn(to_targets(rows)))
    return to_part(rows), to_part(dev)
