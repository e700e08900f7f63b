"""seqkit: from a text file to word vectors, and on to models of the RNN family.

The names below are loaded when they are first used; `import seqkit` itself loads no heavy library.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "CBOW": "seqkit.embeddings.training.trainer",
    "Cooccurrence": "seqkit.embeddings.cooccurrence.matrix",
    "Corpus": "seqkit.text.corpus.corpus",
    "Diagnosis": "seqkit.diagnosis.result",
    "DoubleHard": "seqkit.debias.removal.methods.double_hard",
    "Generator": "seqkit.models.generator.model",
    "GloVe": "seqkit.embeddings.training.trainer",
    "HardDebias": "seqkit.debias.removal.methods.hard",
    "INLP": "seqkit.debias.removal.methods.inlp",
    "LEACE": "seqkit.debias.removal.methods.leace",
    "LanguageModel": "seqkit.models.language_model.model",
    "Loss": "seqkit.core.score",
    "Normalizer": "seqkit.text.normalize",
    "Part": "seqkit.diagnosis.parts",
    "Score": "seqkit.core.score",
    "SeqkitError": "seqkit.core.errors",
    "SkipGram": "seqkit.embeddings.training.trainer",
    "SoftDebias": "seqkit.debias.removal.methods.soft",
    "SubwordVectors": "seqkit.embeddings.vectors.subword",
    "Tagger": "seqkit.models.tagger.model",
    "TextClassifier": "seqkit.models.classifier.model",
    "Translator": "seqkit.models.translator.model",
    "Transport": "seqkit.debias.removal.methods.transport",
    "Vectors": "seqkit.embeddings.vectors.vectors",
    "Vocab": "seqkit.text.vocab",
    "WindowModel": "seqkit.models.window.model",
    "WordSets": "seqkit.debias.words.sets",
    "diagnose": "seqkit.diagnosis.diagnose",
    "duplicates": "seqkit.text.duplicates",
    "find_lr": "seqkit.tuning.lr_range_test",
    "find_phrases": "seqkit.text.phrases",
    "labelled": "seqkit.text.readers.labelled",
    "read": "seqkit.text.readers.text",
    "shipped": "seqkit.text.readers.catalogue",
    "split": "seqkit.text.splits",
    "tokenizer": "seqkit.text.tokenizer",
    "tune": "seqkit.tuning.tune",
}
__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:  # Any: whatever the name stands for
    if name not in _HOMES:
        raise AttributeError(f"module 'seqkit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
