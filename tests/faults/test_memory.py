"""Too little memory, sizes that lie, bombs, endless lines: one sentence, and no more memory than the file is worth."""

import gzip

import bounded
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from seqkit.core.errors import ResourceError
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.corpus.corpus import Corpus

BUDGETS = """
import contextlib, io, os, sys
from pathlib import Path
from unittest import mock
import bounded
from seqkit.cli import main

def run(out):
    err = io.StringIO()
    with mock.patch.object(sys, "argv", ["seqkit", *sys.argv[2:], "--out", out]), contextlib.redirect_stderr(err):
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                main()
                return 0, ""
            except SystemExit as end:
                return end.code or 0, err.getvalue()

argv = list(sys.argv)
assert run("warm") == (0, "")  # libraries and kernels are there now
sys.argv = argv
for kib in sys.argv[1].split(","):
    if os.fork() == 0:
        try:
            bounded.hold(int(kib) << 10)
            code, said = run("out" + kib)
        except BaseException as error:
            code, said = type(error).__name__, str(error)
        print(code, said.strip().replace(chr(10), "|"), flush=True)
        os._exit(0)
    assert os.wait()[1] == 0
"""
CPU = ["--epochs", "1", "--threads", "1", "--quiet"]
COMMANDS = {
    "embed train": ["embed", "train", "t.txt", "--dim", "64", "--min-count", "1", *CPU],
    "glove": ["embed", "train", "t.txt", "--loss", "glove", "--dim", "64", "--min-count", "1", *CPU],
    "lm train": ["lm", "train", "t.txt", "--hidden", "32", "--device", "cpu", *CPU],
    "corpus build": ["corpus", "build", "t.txt"],
}


@pytest.mark.parametrize(
    "name", ["embed train", pytest.param("glove", marks=pytest.mark.slow), "lm train", "corpus build"]
)
def test_any_budget_of_memory_is_enough_or_ends_in_one_sentence(name, tmp_path):
    words = [f"w{i % 7919 * i % 9973}" for i in range(30_000)]
    (tmp_path / "t.txt").write_text("\n".join(" ".join(words[i : i + 12]) for i in range(0, 30_000, 12)))
    budgets = ",".join(str(kib) for kib in (0, 500, 2000, 5000, 9000, 16_000, 1 << 21))
    told = bounded.python(BUDGETS, budgets, *COMMANDS[name], cwd=tmp_path, seconds=300).splitlines()
    assert len(told) == 7
    assert told[-1].strip() == "0"
    assert told[0].startswith("6 error: ")
    for line in told[:-1]:
        code, _, said = line.partition(" ")
        assert (code == "0" and not said) or (
            code == "6" and said.startswith("error: ") and "|" not in said
        ), line
        assert "Traceback" not in said
    whole = sorted(path.name for path in tmp_path.iterdir())
    for line, kib in zip(told, budgets.split(","), strict=True):
        if not line.startswith("0"):
            assert "out" + kib not in whole  # nothing half written


class NoMemory(TorchDispatchMode):
    """Raises error() at operation number `last`, as if memory ran out in it."""

    def __init__(self, last, error):
        super().__init__()
        self.left, self.error = last, error

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.left -= 1
        if self.left == 0:
            raise self.error()
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    "error",
    [
        lambda: torch.OutOfMemoryError("CUDA out of memory."),
        lambda: RuntimeError("[enforce fail] can't allocate memory"),
        MemoryError,
    ],
    ids=["gpu", "cpu", "python"],
)
def test_memory_that_runs_out_at_any_operation_is_told_with_smaller_settings(error, tmp_path):
    text = Corpus.from_sentences([["a", "b", "c", "a"], ["b", "c", "a"]] * 4)
    given = {"hidden_size": 4, "epochs": 2, "batch": 2, "bptt": 4, "device": "cpu", "threads": 1}
    with NoMemory(1 << 40, error) as whole:
        LanguageModel(**given).fit(text)
    operations = (1 << 40) - whole.left
    assert operations > 500
    for last in range(1, operations, operations // 12):
        model = LanguageModel(**given)
        with (
            pytest.raises(ResourceError, match=r"memory ran out .*Lower batch or hidden_size\.$"),
            NoMemory(last, error),
        ):
            model.fit(text, checkpoint=tmp_path / str(last))
    again = LanguageModel(**given)
    again.fit(text, checkpoint=tmp_path / str(last), resume=True)  # the last of them left a checkpoint
    assert len(again.history) == 2


LIES = """
import sys, warnings
from pathlib import Path
import numpy as np
import bounded
from seqkit.core.errors import SeqkitError
from seqkit.embeddings.vectors.vectors import Vectors

warnings.simplefilter("ignore")
path, row = Path(sys.argv[1]), np.ones(2, "<f4").tobytes()
BODIES = {
    "word2vec": b"a 1 2\\nb 3 4\\n",
    "fasttext": b"a 1 2\\nb 3 4\\n",
    "word2vec-binary": b"a " + row + b"\\nb " + row + b"\\n",
}

def load(name, data):
    path.write_bytes(data)
    try:
        return Vectors.load(path, name).matrix.shape
    except SeqkitError as error:
        return error.exit_code

for name, body in BODIES.items():
    assert load(name, b"2 2\\n" + body) == (2, 2), name
bounded.hold(64 << 20)
NUMBERS = [b"-1", b"0", b"1", b"3", b"1_0", b"1e1", b"+2", b"0x2", "\\u0662".encode(), b"2.0", b"", b"nan"]
NUMBERS += [str(n).encode() for n in (2**31 - 1, 2**31, 2**32, 2**32 + 2, 2**63, 2**64 + 2, 10**18, 10**400)]
for name, body in BODIES.items():
    for number in NUMBERS:
        print(name, number[:20], load(name, number + b" 2\\n" + body), load(name, b"2 " + number + b"\\n" + body))
"""


def test_header_that_lies_is_refused_within_64_mib(tmp_path):
    told = bounded.python(LIES, tmp_path / "v", cwd=tmp_path).splitlines()
    assert len(told) == 60
    assert [line for line in told if not line.endswith(" 3 3") and "b'1'" not in line] == []


ENDLESS = """
import sys
from pathlib import Path
import bounded
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.readers.text import read

size, end = int(sys.argv[1]), sys.argv[2]
path = Path("t.txt")
Corpus.from_sentences([["a", "b"]])
Corpus.build(["a b"])
with path.open("w") as file:
    for _ in range(size // 1_000_000):
        file.write("word other " * 90_909 + "\\n"[: end == "lines"] + "x")
bounded.hold(int(sys.argv[3]) << 20)
print(sum(map(len, read(path))), end=" ")
corpus = Corpus.build(path, threads=1, out="c")
print(corpus.num_tokens, len(corpus))
"""


@pytest.mark.parametrize("size", [10_000_000, pytest.param(100_000_000, marks=pytest.mark.slow)])
def test_endless_line_without_an_end_takes_memory_for_its_ids_alone(size, tmp_path):
    """Its characters are never together in memory: 4 bytes an id, and 64 MiB."""
    tokens = size // 1_000_000 * 181_818
    room = 64 + 3 * 4 * tokens // (1 << 20)
    told = bounded.python(ENDLESS, size, "line", room, cwd=tmp_path, seconds=600).split()
    assert told == [str(size // 1_000_000 * 1_000_000), str(tokens + 1), "1"]
    lines = bounded.python(ENDLESS, size, "lines", room, cwd=tmp_path, seconds=600).split()
    assert (int(lines[1]), int(lines[2])) == (tokens + 1, size // 1_000_000 + 1)


BOMB = """
import sys
from pathlib import Path
import bounded
from seqkit.core.errors import SeqkitError
from seqkit.text.readers.extract import extract
from seqkit.text.readers.text import read
bounded.hold(64 << 20)
for name in sys.argv[1:]:
    try:
        size = sum(len(piece) for piece in read(Path(name)))
        print("read", size)
    except SeqkitError as error:
        print(error.exit_code)
"""


def test_bombs_of_any_kind_stop_within_64_mib(tmp_path):
    zstandard = pytest.importorskip("zstandard")
    import bz2
    import lzma

    plain = b"0 " * (1 << 19)  # 70 of these are more than what is read of any file
    (tmp_path / "a.gz").write_bytes(gzip.compress(plain * 70))
    (tmp_path / "a.bz2").write_bytes(bz2.compress(plain) * 70)
    (tmp_path / "a.xz").write_bytes(lzma.compress(plain) * 70)
    (tmp_path / "a.zst").write_bytes(zstandard.compress(plain * 70))
    (tmp_path / "nested.gz").write_bytes(
        gzip.compress((tmp_path / "a.gz").read_bytes())
    )  # read once: no text
    told = bounded.python(BOMB, "a.gz", "a.bz2", "a.xz", "a.zst", "nested.gz", cwd=tmp_path, seconds=120)
    assert told.split() == ["3"] * 5
