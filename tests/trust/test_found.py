"""Files that fuzzing found, and files like them: each ended in a traceback or a signal once, and is refused now."""

import io
import json
import struct
import zipfile

import pytest

from benchmarks import fuzz
from benchmarks._trust.artefacts import FIXTURES


def settings(name, **changed):
    """The settings of an artefact of 0.1.0, some parts changed."""
    told = json.loads((FIXTURES / name / "manifest.json").read_bytes())["meta"]
    return json.dumps(told | changed).encode()


def deep(size=100_000):
    return b"[" * size


def zip_of_a_short_extra_field():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        entry = zipfile.ZipInfo("a.txt")
        entry.extra = struct.pack("<HH", 0x0001, 0)  # of 64-bit sizes, without any
        archive.writestr(entry, "x")
    raw = bytearray(target.getvalue())
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 24 : at + 28] = b"\xff" * 4  # the size stands in the extra field, it says
    return bytes(raw)


def vocabulary_with(token):
    model = {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], [token, -1.0]], "byte_fallback": False}
    parts = dict.fromkeys(
        ("normalizer", "pre_tokenizer", "post_processor", "decoder", "truncation", "padding")
    )
    return json.dumps({"version": "1.0", "added_tokens": [], "model": model} | parts).encode()


def diagnosis(**changed):
    plain = {key: {} for key in ("about", "classes", "curve", "copies")}
    plain |= {
        name: [] for name in ("findings", "confused", "slices", "examples", "sizes", "baseline", "limits")
    }
    plain |= {"kind": "seqkit-diagnosis", "errors": [], "values": {}, "wrong": [], "labels": None}
    return json.dumps(plain | changed).encode()


FOUND = [
    ("text zst", b"(\xb5/\xfd"),
    ("labelled parquet", b"PAR1" + b"\0" * 40 + b"PAR1"),
    ("pairs parquet", b"no parquet"),
    ("text parquet", b""),
    ("log", deep() + b"\n"),
    ("diagnosis to choose", deep()),
    ("diagnosis to choose", diagnosis(values={"accuracy": "high"})),
    ("diagnosis to draw", diagnosis(wrong=[{"text": "a"}])),
    ("diagnosis to draw", diagnosis(wrong=[3])),
    ("diagnosis and sheet", diagnosis(errors=[{"value": 0.5}])),
    ("diagnosis and sheet", diagnosis(errors=[{"name": "train", "value": 0.5}])),
    ("settings", b"lr=" + deep() + b" no"),
    ("size", b"9" * 400),
    ("archive zip", zip_of_a_short_extra_field()),
    ("tokenizer.json", vocabulary_with("x" * 140_000)),
    (
        "search",
        (FIXTURES / "search" / "search.sqlite").read_bytes().replace(b"search", b"\xff\xfe\xfd\xfc\xfb\xfa"),
    ),
]
READ = [
    ("space", b"lr=" + deep()),  # a text, which no rate is
    ("space", b"dim=1e400,nan"),
    (  # a name more is no argument more
        "subword-vectors settings",
        settings("subword-vectors", subwords={"min_n": 3, "max_n": 4, "buckets": 120, "": 4}),
    ),
    ("tokenizer.json", vocabulary_with("x" * 4096)),
]


@pytest.fixture(scope="module")
def prepared():
    with fuzz.prepared() as found:
        yield found


@pytest.mark.parametrize(("name", "raw"), FOUND, ids=lambda value: value if isinstance(value, str) else "")
def test_file_that_was_found_is_refused(name, raw, prepared):
    readers, folder = prepared
    assert fuzz.Fuzzer(name, readers[name], 1, folder).outcome(raw) == "refused"


@pytest.mark.parametrize(("name", "raw"), READ, ids=lambda value: value if isinstance(value, str) else "")
def test_file_that_was_found_is_read(name, raw, prepared):
    readers, folder = prepared
    assert fuzz.Fuzzer(name, readers[name], 1, folder).outcome(raw) == "read"


def test_exception_that_is_not_ours_is_a_finding_and_made_shorter(tmp_path):
    def read(path):
        if b"xy" in path.read_bytes():
            raise KeyError("xy")

    def put(folder, raw):
        (folder / "f").write_bytes(raw)
        return folder / "f"

    reader = fuzz.Reader((b"ab x y cd" * 3,), read, put)
    (tmp_path / "read").mkdir()
    fuzzer = fuzz.Fuzzer("broken", reader, 1, tmp_path / "read")
    told = fuzzer.outcome(b"..xy..")
    assert told.startswith("KeyError at ")
    assert fuzz.minimised(b"abcd" * 9 + b"xy" + b"efg" * 9, lambda raw: fuzzer.outcome(raw) == told) == b"xy"
    assert [fuzzer.file(i) for i in range(50)] == [fuzzer.file(i) for i in range(50)]
