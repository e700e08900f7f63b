"""Saved files that are damaged, disguised or malformed, and numbers beyond 32 bits."""

import hashlib
import io
import json
import pickle
import shutil
import zipfile

import bounded
import crafted
import numpy as np
import pytest
import test_saved_before as before

import seqkit as sk
from seqkit.core import files
from seqkit.core.errors import ModelFileError, SeqkitError
from seqkit.embeddings.training.frequencies import alias_table
from seqkit.kernels.primitives.simd.rows import aligned, padded
from seqkit.kernels.primitives.windows.settings import Noise, Stretch, Windows
from seqkit.kernels.word2vec import cpu, reference
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.vocab import Vocab

KINDS = [n for n in before.FACTS if n != "search" and (before.FOLDER / n / "manifest.json").is_file()]


@pytest.mark.parametrize("kind", KINDS)
def test_flipped_bit_in_any_saved_thing_is_found_when_it_is_opened(kind, tmp_path):
    """Every byte of a small artefact is flipped in tests/core/test_files.py; here each kind by its own loader."""
    random = np.random.default_rng(0)
    for path in sorted((before.FOLDER / kind).iterdir()):
        if path.name == "tokenizer.json" or path.is_dir():  # for other programs: seqkit reads its own copy
            continue
        whole = path.read_bytes()
        for at in random.integers(0, len(whole), 6).tolist():
            folder = tmp_path / "it"
            shutil.copytree(before.FOLDER / kind, folder)
            (folder / path.name).write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
            with pytest.raises(ModelFileError) as told:
                before.FACTS[kind](folder, tmp_path)
            assert path.name in str(told.value) or str(folder) in str(told.value)
            shutil.rmtree(folder)
            shutil.rmtree(tmp_path / "copy", ignore_errors=True)


class Evil:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('ran')",))


def disguises():
    """Names and contents that only an unpickler would open."""
    plain = pickle.dumps(Evil())
    array, archive, torch_like = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.save(array, np.array([Evil()], object), allow_pickle=True)
    np.savez(archive, x=np.array([Evil()], object))
    with zipfile.ZipFile(torch_like, "w") as file:
        file.writestr("archive/data.pkl", plain)
    return {"pickle": plain, "npy": array.getvalue(), "npz": archive.getvalue(), "pt": torch_like.getvalue()}


@pytest.mark.parametrize("form", disguises())
def test_pickle_in_disguise_is_refused_and_not_unpickled(form, tmp_path, unpickled):
    content = disguises()[form]
    for name in (
        "v",
        "v.vec",
        "v.bin",
        "v.txt",
        "v.safetensors",
        "v.npy",
        "v.pt",
        "v.kv",
        "v.gz",
        "v.parquet",
    ):
        (tmp_path / name).write_bytes(content)
        for load in (sk.Vectors.load, sk.WordSets.load):
            with pytest.raises(SeqkitError):
                load(tmp_path / name)
        with pytest.raises(SeqkitError):
            Corpus.build(tmp_path / name)
    for kind in KINDS:
        folder = tmp_path / "it"
        shutil.copytree(before.FOLDER / kind, folder)
        told = crafted.manifest(folder)
        (folder / told["arrays"]).unlink()
        digest = hashlib.sha256(content).hexdigest()
        (folder / f"arrays-{digest[:16]}.safetensors").write_bytes(content)
        told |= {"arrays": f"arrays-{digest[:16]}.safetensors", "sha256": digest, "bytes": len(content)}
        crafted.reseal(folder, told)
        with pytest.raises(ModelFileError, match="not a valid safetensors file"):
            before.FACTS[kind](folder, tmp_path)
        shutil.rmtree(folder)
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
    assert unpickled == []


def test_audit_hook_sees_an_unpickling(unpickled):
    assert pickle.loads(pickle.dumps(io.BytesIO)) is io.BytesIO
    assert [line for line in unpickled if "BytesIO" in line]
    unpickled.clear()


def container(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(start=0, end=8, shape=(2,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


ROW = np.ones(2, np.float32).tobytes()
MALFORMED = {
    "empty": b"",
    "shorter than the length": b"\x08\x00\x00",
    "length beyond the file": container({"x": entry()}, ROW, 1 << 40),
    "length of 64 bits": container({"x": entry()}, ROW, (1 << 64) - 1),
    "no JSON": container(b"{x", ROW),
    "no object": container([1], ROW),
    "not UTF-8": container(b'{"\xff": 1}', ROW),
    "array beyond the file": container({"x": entry(0, 80, (20,))}, ROW),
    "bytes left over": container({"x": entry()}, ROW * 2),
    "hole": container({"x": entry(), "y": entry(16, 24)}, ROW * 3),
    "overlap": container({"x": entry(), "y": entry(4, 12)}, ROW * 2),
    "shape of another size": container({"x": entry(shape=(3,))}, ROW),
    "shape beyond 64 bits": container({"x": entry(shape=(1 << 33, 1 << 33))}, ROW),
    "negative shape": container({"x": entry(shape=(-2,))}, ROW),
    "end before start": container({"x": entry(8, 0)}, ROW),
    "negative start": container({"x": entry(-8, 0)}, ROW),
    "unknown dtype": container({"x": entry(dtype="F31")}, ROW),
    "dtype that nobody writes": container({"x": entry(shape=(4,), dtype="BF16")}, ROW),
    "no offsets": container({"x": {"dtype": "F32", "shape": [2]}}, ROW),
    "deep": container(b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", ROW),
    "a name twice": container(
        b'{"x":' + json.dumps(entry()).encode() + b',"x":' + json.dumps(entry()).encode() + b"}", ROW
    ),
}


def sealed(folder, content):
    """An artefact whose arrays are `content`, with right checksums."""
    files.save(folder, "thing", {"x": np.ones(2, np.float32)}, {})
    told = crafted.manifest(folder)
    (folder / told["arrays"]).unlink()
    digest = hashlib.sha256(content).hexdigest()
    name = f"arrays-{digest[:16]}.safetensors"
    (folder / name).write_bytes(content)
    crafted.reseal(folder, told | {"arrays": name, "sha256": digest, "bytes": max(len(content), 1)})


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_container_with_right_checksums_is_refused(case, tmp_path):
    sealed(tmp_path / "it", MALFORMED[case])
    with pytest.raises(ModelFileError):
        files.load(tmp_path / "it", "thing")


def test_well_formed_container_is_read(tmp_path):
    sealed(tmp_path / "it", container({"x": entry()}, ROW))
    assert files.load(tmp_path / "it", "thing")[0]["x"].tolist() == [1, 1]


MILLION = """
import json
from pathlib import Path
import bounded
from seqkit.core import files
from seqkit.core.errors import ModelFileError
try:
    files.load(Path("it"), "thing")
except ModelFileError as error:
    print(error)
"""


def test_a_million_arrays_are_refused(tmp_path):
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    sealed(tmp_path / "it", container({f"{i}": empty for i in range(1_000_000)}))
    told = bounded.python(MILLION, cwd=tmp_path, seconds=120)
    assert "bytes of header, expected at most 8,388,608" in told


@pytest.fixture(scope="module")
def beyond(tmp_path_factory):
    """A text whose last tokens lie beyond 2^31: a sparse file, of which only they are read."""
    path, first = tmp_path_factory.mktemp("sparse") / "ids", (1 << 31) - 300
    ids = np.memmap(path, np.int32, "w+", shape=first + 600)
    if path.stat().st_blocks * 512 > 1 << 30:
        pytest.skip("needs a file system with sparse files")
    last = np.random.default_rng(0).integers(1, 30, 600).astype(np.int32)
    ids[first:] = last
    starts = np.array([0, first, first + 250, first + 310, first + 600])
    yield ids, starts, first, last
    path.unlink()


def test_tokens_beyond_32_bits_are_trained_on_as_the_reference_says(beyond):
    ids, starts, first, _ = beyond
    keep = np.full(30, 1 << 32, np.uint64)
    windows = Windows(3, True, False, False, np.array([5, 6, 7], np.uint64), keep, np.zeros(0, np.uint8))
    plan = windows, Noise(3, alias_table(np.ones(30)))
    text = Stretch(ids, starts, first, first + 600)
    random = np.random.default_rng(1)
    pair = tuple(aligned(30, padded(16)) for _ in range(2))
    for matrix in pair:
        matrix[:] = random.normal(0, 0.5, matrix.shape)
    exact = tuple(matrix.astype(np.float64) for matrix in pair)
    loss, count = reference.train(text, plan, exact, 0.05)
    assert cpu.train(text, plan, pair, 0.05) == (pytest.approx(loss, rel=1e-5), count)
    assert count > 1000
    for want, have in zip(exact, pair, strict=True):
        np.testing.assert_allclose(have, want, atol=1e-4)


def test_counts_beyond_32_bits_are_kept_by_all_that_holds_counts(tmp_path):
    counts = [1 << 40, (1 << 33) + 1, 3]
    vocab = Vocab(["a", "b", "c"], counts)
    sk.Vectors(vocab, np.ones((3, 2), np.float32)).save(tmp_path / "v")
    assert sk.Vectors.load(tmp_path / "v").vocab.counts.tolist() == counts
    table = alias_table(np.array(counts, np.float64) ** 0.75)
    assert all(np.isfinite(np.asarray(part, np.float64)).all() for part in table)
    from seqkit.embeddings.training.huffman import huffman

    _, _, ends = huffman(np.array(counts, np.int64))
    assert np.diff(ends).tolist() == [1, 2, 2]


@pytest.mark.parametrize(
    ("rows", "dim"), [(1 << 32, 1 << 32), (3_037_000_500, 3_037_000_500), (1 << 62, 4), (1 << 31, 2)]
)
def test_sizes_whose_product_overflows_are_refused(rows, dim, tmp_path):
    for name, head in (("word2vec", f"{rows} {dim}\n"), ("word2vec-binary", f"{rows} {dim}\n")):
        (tmp_path / "v").write_bytes(head.encode() + b"a " + ROW + b"\n")
        with pytest.raises(SeqkitError, match=r"cannot hold|numbers a vector|expected|UTF-8|holds"):
            sk.Vectors.load(tmp_path / "v", name)
    folder = tmp_path / "it"
    shutil.copytree(before.FOLDER / "vectors", folder)
    told = crafted.manifest(folder)
    crafted.reseal(folder, told | {"meta": told["meta"] | {"words": rows, "dim": dim}})
    with pytest.raises(ModelFileError):
        sk.Vectors.load(folder)
