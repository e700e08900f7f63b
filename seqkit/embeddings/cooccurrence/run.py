"""Counting a text in one call: text or corpus folder in, counts in a folder and their summary out."""

import contextlib
import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from seqkit.core import files, options
from seqkit.core.device import backend, gpu
from seqkit.core.errors import ModelFileError, OptionError
from seqkit.core.files.places import temporary_folder
from seqkit.embeddings.cooccurrence import dask_workers
from seqkit.embeddings.cooccurrence.counting import Forecast
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.cooccurrence.options import CountOptions
from seqkit.embeddings.cooccurrence.preparation import count_key
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.normalize import Normalizer
from seqkit.text.vocab import Vocab

SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def read_size(text: str) -> int:
    """Bytes from a text.

    >>> read_size("500M")
    524288000
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    size = float(match[1]) * SIZES[match[2].upper()] if match else 0.0
    if not 1 <= size < 1 << 62:
        raise OptionError(f"memory: got {text[:60]!r}, expected a size above 0 such as 500M or 4G.")
    return int(size)


def count_text(
    source: str,
    out: Path,
    *,
    tokenizer: str,
    lower: bool,
    vocab: Path | None,
    memory: str,
    threads: int | None,
    device: str = "auto",
    do: Literal["count", "replace", "forecast"] = "count",
    dask: str | None = None,
    parts: int | None = None,
    told: tuple[Callable[[int], None] | None, Callable[[float], None] | None] = (None, None),
    **settings: Any,
) -> tuple[dict[str, Any], str]:
    """Count `source` into `out`, or only forecast; what was done as JSON values and as text.

    A text is made into a corpus first, which is thrown away afterwards: keep one (seqkit corpus build) to
    count it again. dask: a scheduler whose workers count `parts` of the text, on their CPUs. do:
    replace, if `out` may hold counts of another text. told: called with the characters read, and with the
    share counted.
    """
    (reading, report), dry_run = told, do == "forecast"
    place = gpu("cpu" if dask and device == "auto" else device)
    if dask and place is not None:
        raise OptionError(
            f"dask: got device {device!r}, but its workers count on CPUs. Leave one of them out."
        )
    if (dask and dry_run) or (parts and not dask):
        raise OptionError(
            "dask: dry_run shows what one machine needs, and parts are for dask alone. Leave one of them out."
        )
    given: dict[str, Any] = {"memory": read_size(memory), "threads": threads, "out": out, **settings}
    if vocab is not None:
        given["vocab"] = _words(vocab)
    with temporary_folder(None if dry_run else out.parent, "counting") as made:
        read: Any = {"normalizer": Normalizer(lower=lower), "threads": threads, "report": reading}
        folder, corpus = _corpus(source, Path(made) / "corpus", tokenizer, **read)
        if do == "count":
            chosen = options.from_json(CountOptions, settings)
            _check_kept(out, count_key(corpus, chosen, given.get("vocab"), None))
        if dask:
            counts = dask_workers.count(folder, cluster=dask, parts=parts, report=report, **given)
        elif not dry_run:
            counts = Cooccurrence.count(corpus, report=report, device=device, **given)
        if not dry_run:
            result, text = counts.summary()
            return result | {"backend": backend(place)}, text
        needs = Cooccurrence.forecast(corpus, **given)
    return dataclasses.asdict(needs), _said(needs)


def _corpus(source: str, out: Path, tokenizer: str, **how: Any) -> tuple[Path, Corpus]:
    """The corpus folder that was given, or the text made into one in `out`; and what it holds."""
    if source != "-" and Path(source).is_dir() and files.kind_of(Path(source)):
        return Path(source), Corpus.load(source)
    return out, Corpus.build(source, tokenizer, out=out, **how)


def _said(needs: Forecast) -> str:
    return (
        f"{needs.words:,} words, {needs.tokens:,} tokens in {needs.blocks:,} blocks, about {needs.pairs:,} "
        "stored pairs, "
        f"{needs.memory / 2**20:,.0f} MiB of memory, {needs.disk / 2**20:,.0f} MiB of disk"
    )


def _check_kept(folder: Path, key: str) -> None:
    """Raise OptionError if `folder` holds whole counts of another key."""
    with contextlib.suppress(ModelFileError):
        if files.kind_of(folder) and Cooccurrence.load(folder).meta.get("key") != key:
            raise OptionError(
                f"{folder}: holds counts of another text or other settings. Choose another place, or replace "
                "them with --force."
            )


def _words(folder: Path) -> Vocab:
    return Corpus.load(folder).vocab if files.kind_of(folder) == "corpus" else Cooccurrence.load(folder).vocab
