"""What comes before counting: which words, the plan, the key that tells counts apart, a folder for work."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from seqkit.core import options
from seqkit.core.device import threads as count_threads
from seqkit.core.files.places import temporary_folder
from seqkit.embeddings.cooccurrence.counting import CountingPlan, select
from seqkit.embeddings.cooccurrence.options import CountOptions
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab


def select_words(vocab: Vocab, chosen: CountOptions) -> Vocab:
    """The words of a text that are counted, with their counts, by falling count."""
    ids = select(vocab, chosen)
    return Vocab(vocab.words(ids.tolist()), vocab.counts[ids])


def plan_for(
    corpus: Corpus,
    chosen: CountOptions,
    given: Vocab | None,
    part: tuple[int, int] | None,
    *,
    memory: int,
    threads: int | None,
    folder: Path | None,
) -> tuple[CountingPlan, Vocab]:
    """The plan of counting a corpus, and the words that are counted."""
    words = select_words(corpus.vocab, chosen) if given is None else given
    ids = np.array([corpus.vocab.index.get(token, -1) for token in words.tokens], np.int64)
    ids[
        [
            row
            for name, i in corpus.vocab.specials.items()
            if name != "eos"
            for row in np.flatnonzero(ids == i)
        ]
    ] = -1
    rows = np.full(len(corpus.vocab), -1, np.int32)
    there = np.flatnonzero(ids >= 0)
    rows[ids[there]] = there
    cores = count_threads(threads)
    return CountingPlan(
        corpus, rows, len(words), chosen, memory=memory, threads=cores, folder=folder, part=part
    ), words


def count_key(
    corpus: Corpus, chosen: CountOptions, vocab: Vocab | None, part: tuple[int, int] | None = None
) -> str:
    """A hash of all that decides what the counts of a corpus are."""
    words = None if vocab is None else [vocab.tokens, vocab.counts.tolist()]
    text = json.dumps([corpus.fingerprint, options.to_json(chosen), words, *([] if part is None else [part])])
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def working_folder(out: str | os.PathLike[str] | None) -> Iterator[Path | None]:
    """A folder beside `out` for temporary files, removed afterwards; None without `out`."""
    if out is None:
        yield None
        return
    with temporary_folder(Path(out).parent, "counting") as name:
        yield Path(name)
