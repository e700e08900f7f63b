"""seqkit: from a text file to word vectors, and on to models of the RNN family.

The names below are loaded when they are first used; `import seqkit` itself loads no heavy library.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "CBOW": "seqkit.embeddings.word2vec",
    "Cooccurrence": "seqkit.embeddings.cooccurrence",
    "Corpus": "seqkit.text.corpus",
    "Diagnosis": "seqkit.evaluate.diagnosis",
    "DoubleHard": "seqkit.debias.methods.double_hard",
    "Generator": "seqkit.models.generator",
    "GloVe": "seqkit.embeddings.glove",
    "HardDebias": "seqkit.debias.methods.hard",
    "INLP": "seqkit.debias.methods.inlp",
    "LEACE": "seqkit.debias.methods.leace",
    "LanguageModel": "seqkit.models.language_model",
    "Loss": "seqkit.core.score",
    "Normalizer": "seqkit.text.normalize",
    "Part": "seqkit.models.label_judge",
    "Score": "seqkit.core.score",
    "SeqkitError": "seqkit.core.errors",
    "SkipGram": "seqkit.embeddings.word2vec",
    "SoftDebias": "seqkit.debias.methods.soft",
    "SubwordVectors": "seqkit.embeddings.subword",
    "Tagger": "seqkit.models.tagger",
    "TextClassifier": "seqkit.models.classifier",
    "Translator": "seqkit.models.translator",
    "Transport": "seqkit.debias.methods.transport",
    "Vectors": "seqkit.embeddings.vectors",
    "Vocab": "seqkit.text.vocab",
    "WindowModel": "seqkit.models.window_model",
    "WordSets": "seqkit.debias.words",
    "diagnose": "seqkit.models.diagnosing",
    "duplicates": "seqkit.text.duplicates",
    "find_lr": "seqkit.models.lr_finder",
    "find_phrases": "seqkit.text.phrases",
    "labelled": "seqkit.text.labelled",
    "read": "seqkit.text.readers",
    "shipped": "seqkit.text.catalogue",
    "split": "seqkit.text.splits",
    "tokenizer": "seqkit.text.tokenizer",
    "tune": "seqkit.models.tuning",
}
__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604


def __getattr__(name: str) -> Any:  # Any: whatever the name stands for
    if name not in _HOMES:
        raise AttributeError(f"module 'seqkit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
