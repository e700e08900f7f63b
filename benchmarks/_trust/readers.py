"""Every reader and loader of files from elsewhere, each with small valid files: the one list for fuzzing.

A file is what our own writers write, or an example of its form. Not handled: artefacts (artefacts), what is done
with what was read.
"""

import bz2
import dataclasses
import gzip
import io
import json
import lzma
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import seqkit as sk
from benchmarks._trust import artefacts
from benchmarks._trust.artefacts import FIXTURES, Reader
from seqkit.core import options
from seqkit.diagnosis.result import KIND, Diagnosis
from seqkit.diagnosis.saved import choose_file, draw_sheet, filled_sheet
from seqkit.diagnosis.sheet import read_sheet
from seqkit.embeddings.alignment import read_dictionary
from seqkit.embeddings.cooccurrence.run import read_size
from seqkit.embeddings.maps.maps import read_words
from seqkit.embeddings.testsets.analogies import read_questions
from seqkit.embeddings.testsets.similarity import read_pairs
from seqkit.embeddings.vectors.files import formats
from seqkit.evaluate.choice import Limit
from seqkit.models.language_model import minimal_pairs
from seqkit.text.readers import conll, labelled, parallel, text
from seqkit.text.readers.extract import extract
from seqkit.train.log import JsonLines
from seqkit.tuning.space import Space, parse_space

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": partial(gzip.compress, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
}


def _in_file(name: str) -> Callable[[Path, bytes], Path]:
    def put(folder: Path, raw: bytes) -> Path:
        path = folder / name
        path.write_bytes(raw)
        return path

    return put


def _file(name: str, read: Callable[[Path], object], *seeds: bytes | str) -> Reader:
    found = tuple(seed.encode() if isinstance(seed, str) else seed for seed in seeds)
    return Reader(found, read, _in_file(name))


def _saved(write: Callable[[Path], object], folder: Path, name: str) -> bytes:
    path = folder / name
    write(path)
    return path.read_bytes()


def readers(work: Path) -> dict[str, Reader]:
    """All of them by name.  work: a folder for what our writers write."""
    return _vectors(work) | _texts() | _tables(work) | _packed() | _others(work) | artefacts.readers()


def _vectors(work: Path) -> dict[str, Reader]:
    vocab = sk.Vocab(["the", "naïve", "日本"], [9, 5, 2])
    made = sk.Vectors(vocab, np.arange(9, dtype=np.float32).reshape(3, 3) / 7 - 0.5)
    pieces = sk.SubwordVectors.load(FIXTURES / "subword-vectors")
    found = {}
    for name in formats.names():
        if name == "native":
            continue
        file = "v.vec" if name == "fasttext" else "v"
        few = pieces.restrict(3) if name == "fasttext-binary" else made
        raw = _saved(
            lambda path, n=name, v=(pieces if name == "fasttext-binary" else few): v.save(path, n), work, file
        )
        found[f"vectors {name}"] = _file(file, partial(sk.Vectors.load, format=name), raw)
        found[f"vectors {name} by itself"] = _file(file, sk.Vectors.load, raw)
        if name != "fasttext-binary":
            found[f"vectors {name} lenient"] = _file(
                file, partial(sk.Vectors.load, format=name, lenient=True, drop_nonfinite=True, limit=2), raw
            )
    return found


def _texts() -> dict[str, Reader]:
    def whole(path: Path, **how: Any) -> object:
        return list(sk.read(path, **how))

    plain = "the king rules\nnaïve 日本 1,000\n\nlast line"
    found = {
        "text": _file("t.txt", whole, plain, b"\xef\xbb\xbfa b\r\nc d\r\n"),
        "text replaced": _file("t.txt", partial(whole, errors="replace"), plain),
        "text lines": _file("t.txt", lambda path: list(text.lines(path)), plain),
        "text jsonl": _file(
            "t.jsonl", partial(whole, column="text"), '{"text": "a b", "n": 1}\n{"text": "c\\u00e9"}\n'
        ),
        "text csv": _file("t.csv", partial(whole, column="text"), 'n,text\n1,"a, ""b"""\n2,c\n'),
        "text tsv": _file("t.tsv", partial(whole, column="text"), 'n\ttext\n1\ta "b"\n2\tc\n'),
        "corpus": _file("t.txt", lambda path: sk.Corpus.build(path, "word", threads=1), plain),
    }
    return found | {
        f"text {name}": _file(f"t.txt.{name}", whole, pack(plain.encode()))
        for name, pack in _packers().items()
    }


def _packers() -> dict[str, Callable[[bytes], bytes]]:
    import zstandard

    return PACK | {"zst": zstandard.ZstdCompressor().compress}


def _tables(work: Path) -> dict[str, Reader]:
    columns = "1 the _ DET _ _ 2 det _ _\n2 king _ NOUN _ _ 0 root _ _\n\n1 a _ DET _ _ 0 root _ _\n".replace(
        " ", "\t"
    )
    found: dict[str, Reader] = {}
    for kind, raw in {
        "txt": "pos a good film\n__label__neg a bad film\n",
        "tsv": "label\ttext\npos\ta good film\nneg\ta bad film\n",
        "csv": 'label,text\npos,"a good, film"\nneg,a bad film\n',
        "jsonl": '{"label": "pos", "text": "a"}\n{"label": null, "text": "b"}\n',
    }.items():
        found[f"labelled {kind}"] = _file(f"f.{kind}", labelled.labelled, raw)
    for kind, raw in {
        "conll": "the DET\nking NOUN\n\na DET\n",
        "conllu": f"# text\n{columns}",
        "jsonl": '{"words": ["a", "b"], "tags": ["X", null]}\n',
        "txt": "the king rules.\n",
    }.items():
        read = partial(conll.sentences, tagged=kind != "txt")
        found[f"tagged {kind}"] = _file(f"s.{kind}", lambda path, read=read: list(read(path)), raw)
    for kind, raw in {
        "tsv": "a b\tx y\nc\tz\n",
        "csv": "source,target\na b,x y\nc,z\n",
        "jsonl": '{"source": "a", "target": "x"}\n{"source": 1, "target": "y"}\n',
    }.items():
        found[f"pairs {kind}"] = _file(f"p.{kind}", parallel.pairs, raw)
    other = work / "other.txt"
    other.write_text("x\ny\n", encoding="utf-8")
    found["pairs of two files"] = _file("p.txt", lambda path: parallel.pairs(path, other), "a b\nc\n")
    found["rows"] = _file("p.txt", parallel.rows, "a b\nc\n")
    for kind, raw in {
        "tsv": "good\tbad\nthe cat sits\tthe cat sit\n",
        "csv": 'good,bad\n"a, b",c\n',
        "jsonl": '{"sentence_good": "a", "sentence_bad": "b"}\n',
    }.items():
        found[f"minimal pairs {kind}"] = _file(f"m.{kind}", minimal_pairs.read_pairs, raw)
    return found | _parquet(work)


def _parquet(work: Path) -> dict[str, Reader]:
    import pyarrow
    from pyarrow import parquet

    rows = {"label": ["pos", None], "text": ["a good film", "b"], "source": ["a", "b"], "target": ["x", "y"]}
    raw = _saved(lambda path: parquet.write_table(pyarrow.table(rows), path), work, "t.parquet")
    return {
        "labelled parquet": _file("t.parquet", labelled.labelled, raw),
        "pairs parquet": _file("t.parquet", parallel.pairs, raw),
        "text parquet": _file("t.parquet", lambda path: list(sk.read(path, column="text")), raw),
    }


def _packed() -> dict[str, Reader]:
    def read(path: Path) -> object:
        return extract(path, path.parent / "out", most_bytes=1 << 20)

    zipped, tarred, packed = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.txt", "the king rules\n" * 9)
        archive.writestr("c.txt", "x")
    for target, mode in ((tarred, "w"), (packed, "w:gz")):
        with tarfile.open(fileobj=target, mode=mode) as tar:  # type: ignore[call-overload]
            entry = tarfile.TarInfo("a/b.txt")
            entry.size = 5
            tar.addfile(entry, io.BytesIO(b"hello"))
    return {
        "archive zip": _file("a.zip", read, zipped.getvalue()),
        "archive tar": _file("a.tar", read, tarred.getvalue()),
        "archive tar.gz": _file("a.tar.gz", read, packed.getvalue()),
    }


def _others(work: Path) -> dict[str, Reader]:
    parts = ("first_target", "second_target", "first_attribute", "second_attribute")
    tests = [{part: {"name": part, "words": ["a", "b"]} for part in parts}]
    own = (FIXTURES / "word-sets.json").read_bytes()
    log = '{"event": "step", "done": 5, "loss": 1.5}\n{"event": "epoch", "done": 9, "loss": null}\n'
    rated = "king\tqueen\t8.5\ncat\tdog\t7\n", "# rated\na\tb\t1.5\nc\td\t2\n"
    return {
        "analogies": _file("q.txt", read_questions, ": family\nking queen man woman\n: gram1\na b c d\n"),
        "similarity": _file("s.txt", read_pairs, *rated),
        "dictionary": _file("d.txt", read_dictionary, "king roi\nqueen reine\n"),
        "words of a map": _file("w.txt", lambda path: read_words(str(path)), "king\nqueen\n"),
        "word sets": _file("w.json", sk.WordSets.load, own, json.dumps(tests), '{"a": ["x", "y"]}'),
        "log": _file("log.jsonl", lambda path: JsonLines(path).begin([], 10), log),
        "tokenizer.json": _file("t.json", _definition, *_definitions()),
        "settings": _file("s", _spoken(options.parse_settings), "lr=0.1 cell=gru tie=true"),
        "space": _file("s", _spoken(_space), "lr=1e-4..1:log context=cbow,skipgram dim=4..8"),
        "size": _file("s", lambda path: read_size(_said(path)), "500M", "4.5GiB"),
        "limit": _file("s", lambda path: Limit.parse(_said(path)), "ms<=5", "f1>=0.5"),
        **_debiaswe(work),
        **_diagnoses(work),
    }


def _debiaswe(work: Path) -> dict[str, Reader]:
    """A file of the published word sets, beside the other three."""
    values: dict[str, list[Any]] = {
        "definitional_pairs": [["she", "he"]],
        "equalize_pairs": [["Mother", "Father"]],
        "gender_specific_full": ["queen"],
        "professions": [["nurse", 0.1, 0.2]],
    }
    folder = work / "debiaswe"
    folder.mkdir()
    for name, value in values.items():
        (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")

    def put(name: str, into: Path, raw: bytes) -> Path:
        shutil.copytree(folder, into, dirs_exist_ok=True)
        (into / f"{name}.json").write_bytes(raw)
        return into

    return {
        f"debiaswe {name}": Reader(
            (json.dumps(value).encode(),), sk.WordSets.load_debiaswe, partial(put, name)
        )
        for name, value in values.items()
    }


def _diagnoses(work: Path) -> dict[str, Reader]:
    wrong = [{"row": 3, "text": "a b", "label": "0", "predicted": "1", "probability": 0.9}]
    wrong = [row | {"loss": 1.5, "suspected": ""} for row in wrong]
    score = {"name": "dev", "value": 0.25, "count": 4, "missing": 0, "signature": {}, "interval": [0.1, 0.5]}
    plain: dict[str, Any] = {each.name: [] for each in dataclasses.fields(Diagnosis)}
    plain |= {key: {} for key in ("about", "curve", "copies")} | {"labels": None, "wrong": wrong}
    plain |= {"kind": KIND, "faults": [], "errors": [score]}
    plain["classes"] = {"classes": ["0", "1"], "confusion": [[1, 0], [1, 2]], "by_class": {}}
    plain["classes"] |= {"accuracy": score, "macro_f1": score}
    plain["values"] = {"accuracy": 0.75, "macro_f1": 0.7, "ms": 1.5}
    saved, sheet = work / "film.json", work / "film.csv"
    saved.write_text(json.dumps(plain), encoding="utf-8")
    draw_sheet(saved, sheet)
    filled = sheet.read_bytes().replace(b",,", b",x,")
    sheet.write_bytes(filled)
    return {
        "diagnosis to choose": _file(
            "d.json", lambda path: choose_file([path], limits=["ms<=5"]), saved.read_bytes()
        ),
        "diagnosis to draw": _file(
            "d.json", lambda path: draw_sheet(path, path.parent / "d.csv"), saved.read_bytes()
        ),
        "diagnosis and sheet": _file("d.json", lambda path: filled_sheet(path, sheet), saved.read_bytes()),
        "sheet": _file("s.csv", read_sheet, filled),
    }


def _space(words: list[str]) -> object:
    return Space.of(parse_space(words), sk.SkipGram().settings.groups.values()).ends()


def _definition(path: Path) -> object:
    made = sk.tokenizer("subword", definition=path.read_text(encoding="utf-8", errors="replace"))
    return made.encode("the king")


def _definitions() -> list[bytes]:
    here = Path(__file__).parents[1] / "_fixed"
    return [(here / f"{name}.json").read_bytes() for name in ("unigram", "wordpiece")]


def _said(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _spoken(read: Callable[[list[str]], object]) -> Callable[[Path], object]:
    return lambda path: read(_said(path).split())
