"""The same bytes whatever the hash seed, the locale, the time zone, the clock, the home and the umask are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import hashlib, json, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
import seqkit as sk
from seqkit.text.normalize import Normalizer
from seqkit.text.tokenizer import tokenizer

LINES = [
    "the king rules the old town",
    "the queen rules the new town",
    "a cat sat on a mat",
    "I\\u0307stanbul DI\\u015e Stra\\u00dfe 1,5 2.5",
] * 8
out = Path(sys.argv[1])
corpus = sk.Corpus.build(LINES, normalizer=Normalizer(lower=True), out=out / "corpus", threads=1)
vectors = sk.SkipGram(dim=8, epochs=2, min_count=1, deterministic=True, threads=1).fit(corpus)
vectors.save(out / "vectors")
vectors.save(out / "vectors.txt", "word2vec")
tokenizer("subword").train(LINES, vocab_size=300).save(out / "subword")
lm = sk.LanguageModel(hidden_size=6, epochs=2, batch=2, bptt=4, device="cpu", threads=1).fit(corpus)
lm.save(out / "lm")
classifier = sk.TextClassifier(epochs=2, device="cpu", threads=1).fit(LINES, ["x", "y"] * 16)
classifier.save(out / "classifier")
words = sk.WordSets("sides", definitional=(("queen", "king"),), lists={"l": ("cat", "town", "mat")})
sk.HardDebias().fit(vectors, words).save(out / "eraser")
told = [
    vectors.nearest(["king", "cat"], 3),
    [one.text for one in lm.sample("the", seeds=[1, 2], length=5)],
    classifier.predict_proba(LINES[:4]).tolist(),
    corpus.fingerprint,
    words.checksum,
]
print(hashlib.sha256(json.dumps(told).encode()).hexdigest())
for path in sorted(out.rglob("*")):
    if path.is_file() and path.name != "manifest.json" and not path.name.startswith("."):
        print(path.relative_to(out).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
"""
CLOCK = """
import time
ticks, real = iter(range(10**9)), time.time
time.time = lambda: [2e9, 0.0, 1e9, -5.0][next(ticks) % 4]  # the clock is set again and again
"""


def told(folder, *, source=PROGRAM, umask=-1, **environment):
    """What the program prints in such surroundings."""
    folder.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "OMP_NUM_THREADS") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", source, str(folder / "out")],
        env=kept | {"PYTHONPATH": str(ROOT)} | environment,
        cwd=folder,
        umask=umask,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    lines = told(tmp_path_factory.mktemp("usual") / "a", PYTHONHASHSEED="0")
    assert len(lines) > 8
    return lines


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 21))])
def test_any_hash_seed_gives_the_same_bytes(seed, usual, tmp_path):
    assert told(tmp_path / "a", PYTHONHASHSEED=str(seed)) == usual


SURROUNDINGS = {
    "Turkish, Tokyo, no home, private": (
        {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"},
        PROGRAM,
        0o077,
    ),
    "German": (
        {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8", "TZ": "Pacific/Kiritimati"},
        PROGRAM,
        -1,
    ),
    "C, a home that is not there": (
        {"LC_ALL": "C", "HOME": "/nonexistent/home", "PYTHONUTF8": "0"},
        PROGRAM,
        -1,
    ),
    "Latin-1": (
        {"LC_ALL": "de_DE.ISO-8859-1", "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
        PROGRAM,
        -1,
    ),
    "a clock that is set": ({}, CLOCK + PROGRAM, -1),
}


FIRST, *REST = SURROUNDINGS


@pytest.mark.parametrize(
    "name",
    [FIRST, *(pytest.param(name, marks=pytest.mark.slow) for name in REST)],
)
def test_any_surroundings_give_the_same_bytes(name, usual, tmp_path):
    environment, source, umask = SURROUNDINGS[name]
    assert told(tmp_path / "a", source=source, umask=umask, **environment) == usual
    if umask == 0o077:
        written = [path for path in (tmp_path / "a").rglob("*") if path.is_file()]
        assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
