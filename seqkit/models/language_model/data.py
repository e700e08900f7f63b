"""Training data of a language model: a text, or a corpus that was built before."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from seqkit.core.errors import OptionError
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.options import Text
from seqkit.text.codec import Codec
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.normalize import Normalizer
from seqkit.train.data import Data


def read(
    source: str,
    folder: Path | None = None,
    *,
    text: Text | None = None,
    valid: str | None = None,
    vectors: Path | None = None,
    freeze: bool = False,
    threads: int | None = None,
    reading: Callable[[int], None] | None = None,
) -> Data:
    """The corpus of a text, kept within `folder`, or the corpus folder that was given.

    valid: a text to validate on. vectors: initial embedding; freeze: do not train it.
    reading: a report of the characters read.
    """
    corpus = corpus_of(source, folder and folder / "corpus", text or Text(), threads, reading)
    check = None if valid is None else Codec.of(corpus).corpus(valid, threads=threads)
    start = None if vectors is None else Vectors.load(vectors)
    about = {
        "corpus": {**corpus.meta, "source": source, "fingerprint": corpus.fingerprint},
        "vocabulary": len(corpus.vocab),
        "valid": None if check is None else {**check.meta, "source": valid},
    }

    def after(model: Any, made: Any) -> dict[str, Any]:
        return {"parameters": model.num_parameters, "coverage": model.coverage}

    given = {"valid": check, "vectors": start, "freeze": freeze}
    return Data((corpus,), "tokens", given, about, after)


def corpus_of(
    source: str,
    folder: Path | None,
    text: Text,
    threads: int | None,
    reading: Callable[[int], None] | None = None,
) -> Corpus:
    """The corpus folder that was given, or the text made into one in `folder`, each line ended by </s>."""
    if source != "-" and (Path(source) / "manifest.json").is_file():
        if text != Text():
            raise OptionError(
                f"{source}: got settings of how text is cut, but this is a corpus, cut already. "
                "Leave out unit, lower, min_count and max_size."
            )
        return Corpus.load(source)
    return Corpus.build(
        source,
        text.unit,
        normalizer=Normalizer(lower=text.lower),
        add_eos=True,
        min_count=text.min_count,
        max_size=text.max_size,
        threads=threads,
        out=folder,
        report=reading,
    )
