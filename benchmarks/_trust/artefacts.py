"""Artefacts as files that someone changed: their manifest, their settings, their arrays.

Those of 0.1.0 in tests/fixtures. The manifest is changed as it is; of settings and arrays all checksums are made
right again, as someone could who wants to be believed. Not handled: other files (readers).
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import seqkit as sk
from seqkit.core import files
from seqkit.debias.removal.eraser import Eraser
from seqkit.text.tokenizer import Tokenizer
from seqkit.train.checkpoint import Checkpoint
from seqkit.tuning.store import read_trials

FIXTURES = Path(__file__).parents[2] / "tests" / "fixtures" / "v0_1"


@dataclass(frozen=True)
class Reader:
    """How a file of some form is read.  put: writes bytes into an empty folder, and returns what is read there."""

    seeds: tuple[bytes, ...]
    read: Callable[[Path], object]
    put: Callable[[Path, bytes], Path]


def _use(load: Callable[[Path], Any], *names: str) -> Callable[[Path], object]:
    """Load, then ask for parts that are checked as they are first used."""

    def read(path: Path) -> object:
        found = load(path)
        return [getattr(found, name) for name in names]

    return read


def _signed(name: str) -> Callable[[Path], object]:
    return lambda path: Checkpoint(path).load(_told(name)["meta"]["signature"])


CPU: Any = {"device": "cpu", "threads": 1}
LOAD: dict[str, Callable[[Path], object]] = {
    "vectors": _use(sk.Vectors.load, "matrix"),
    "vectors-fp16": _use(sk.Vectors.load, "matrix"),
    "vectors-int8": _use(sk.Vectors.load, "matrix"),
    "subword-vectors": _use(sk.SubwordVectors.load, "matrix"),
    "corpus": _use(sk.Corpus.load, "ids", "starts"),
    "counts": _use(sk.Cooccurrence.load, "columns", "values"),
    "language-model": partial(sk.LanguageModel.load, **CPU),
    "language-model-adaptive": partial(sk.LanguageModel.load, **CPU),
    "classifier-averaged": partial(sk.TextClassifier.load, **CPU),
    "classifier-recurrent": partial(sk.TextClassifier.load, **CPU),
    "tagger": partial(sk.Tagger.load, **CPU),
    "translator": partial(sk.Translator.load, **CPU),
    "generator": partial(sk.Generator.load, **CPU),
    "window-model": partial(sk.WindowModel.load, **CPU),
    "eraser-hard": Eraser.load,
    "eraser-soft": Eraser.load,
    "eraser-transport": Eraser.load,
    "tokenizer-word": Tokenizer.load,
    "tokenizer-bpe": Tokenizer.load,
    "tokenizer-unigram": Tokenizer.load,
    "checkpoint": _signed("checkpoint"),
    "checkpoint-vectors": _signed("checkpoint-vectors"),
}


def readers() -> dict[str, Reader]:
    """All of them by name."""
    found = {}
    for name, load in LOAD.items():
        folder, told = FIXTURES / name, _told(name)
        arrays = (folder / told["arrays"]).read_bytes()
        manifest = (folder / "manifest.json").read_bytes()
        settings = json.dumps(told["meta"]).encode()
        found |= {
            f"{name} manifest": Reader((manifest,), load, partial(_put_manifest, folder)),
            f"{name} settings": Reader((settings,), load, partial(_put_settings, folder)),
            f"{name} arrays": Reader((arrays,), load, partial(_put_arrays, told)),
        }
    search = (FIXTURES / "search" / "search.sqlite").read_bytes()
    return found | {"search": Reader((search,), read_trials, _put_search)}


def _told(name: str) -> dict[str, Any]:
    """What a manifest says, without its checksum."""
    found: dict[str, Any] = json.loads((FIXTURES / name / "manifest.json").read_bytes())
    del found["checksum"]
    return found


def _put_manifest(folder: Path, into: Path, raw: bytes) -> Path:
    _link_arrays(folder, into)
    (into / "manifest.json").write_bytes(raw)
    return into


def _put_settings(folder: Path, into: Path, raw: bytes) -> Path:
    """Other settings, if they are JSON, with the checksum made right; else as they are."""
    _link_arrays(folder, into)
    told = json.loads((folder / "manifest.json").read_bytes())
    del told["checksum"]
    try:
        told["meta"] = json.loads(raw)
        text = json.dumps(told | {"checksum": files._checksum(told)}).encode()
    except (ValueError, RecursionError):
        text = raw
    (into / "manifest.json").write_bytes(text)
    return into


def _put_arrays(told: dict[str, Any], into: Path, raw: bytes) -> Path:
    """Other arrays, with all checksums made right."""
    digest = hashlib.sha256(raw).hexdigest()
    told = told | {"arrays": f"arrays-{digest[:16]}.safetensors", "bytes": len(raw), "sha256": digest}
    (into / told["arrays"]).write_bytes(raw)
    text = json.dumps(told | {"checksum": files._checksum(told)})
    (into / "manifest.json").write_text(text, encoding="utf-8")
    return into


def _put_search(into: Path, raw: bytes) -> Path:
    (into / "search.sqlite").write_bytes(raw)
    return into


def _link_arrays(folder: Path, into: Path) -> None:
    for arrays in folder.glob("arrays-*"):
        (into / arrays.name).symlink_to(arrays)
