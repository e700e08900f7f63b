"""Law of all that is saved: whatever a file says, with right checksums, it is refused by one of our errors or used
as it says; never a signal, a traceback, or other numbers from what nobody could have written.

The base are the artefacts of 0.1.0, opened and used as test_saved_before does.
"""

import json
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import bounded
import crafted
import hostile
import numpy as np
import pytest
import test_saved_before as before

from seqkit.core import files
from seqkit.core.errors import SeqkitError

FEW = 40  # changes of each artefact in the default form
KINDS = [n for n in before.FACTS if n != "search" and (before.FOLDER / n / "manifest.json").is_file()]
# changes that give another artefact as valid as the first; the rest must be refused, or change nothing
VALID = re.compile(
    r".* reversed"
    r"|(.*\.)?(counts\[\S+\]=\d+|tokens\[\S+\]=127)"  # another count, another letter
    r"|(.*\.)?specials(\.\w+)?(=3|=\{\}| missing)"  # another or no special token
    r"|(words|codes|matrix|table\.matrix)\[\S+\]=(-1|127)"  # int8
    r"|ids\[\S+\]=\d+|starts long"
    r"|(.*\.)?fingerprint='x'"
    r"|(settings|lm\.network)(=\{\}|\.\w+( missing|=(True|3|1e\+300)))"  # what is missing is the default
    r"|history(=\[\]|(\.\d+)?( missing|\..*))|place\.(history\.\d+\.)?(loss|units|seconds|validation|batches)\b.*"
    r"|(classes\.0|labels|labels\.names)\.\d+=.*|counts\.\d+=3|(coverage|padding|words)=(3|True|None)"
    r"|(unit|unit_first)=True|method='x'|protected.*|equalize(=\[\]|\.\d missing)|report=.*|subwords\..*=3"
    r"|(linear|shift|maps|basis) (missing|short|empty)"  # an eraser of fewer steps or directions
    r"|signature=.*"  # of another run: said as a wrong setting
    r"|steps\[\S+\]=\d+|carry\..*"
)


def changes(folder):
    """All changes of an artefact: (name, how to write it into a copy)."""
    told = crafted.manifest(folder)
    arrays, _ = files.load(folder, told["kind"])
    arrays = {name: np.array(array) for name, array in arrays.items()}
    for name, meta in hostile.told(told["meta"]):
        yield name, lambda to, meta=meta: crafted.reseal(to, told | {"meta": meta})
    own = {name: value for name, value in told.items() if name != "meta"}
    for name, other in hostile.told(own):
        whole = other | {"meta": told["meta"]} if isinstance(other, dict) else {"meta": other}
        yield f"manifest {name}", lambda to, whole=whole: crafted.reseal(to, whole)
    for name, array in arrays.items():
        for what, other in hostile.arrays(name, array):
            rest = {n: a for n, a in (arrays | {name: other}).items() if a is not None}
            yield what, lambda to, rest=rest: crafted.save(to, told["kind"], rest, told["meta"])


def outcome(kind, folder, tmp, expected):
    """refused, same or other; an error that is not ours goes through."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = before.FACTS[kind](folder, tmp)
    except SeqkitError as error:
        return "refused" if error.exit_code == 4 else f"{type(error).__name__}: {error}"
    try:
        before.same(json.loads(json.dumps(found)), expected)
    except (AssertionError, TypeError):
        return "other"
    return "same"


def check(kind, tmp_path, few):
    """Try the changes of one kind, all or few of them; return how many."""
    source = before.FOLDER / kind
    expected = json.loads((before.FOLDER / "expected.json").read_text(encoding="utf-8"))[kind]
    every = list(changes(source))
    tried = every[:: max(1, len(every) // few)] if few else every
    wrong, refused = [], 0
    for number, (name, write) in enumerate(tried):
        folder, tmp = tmp_path / f"it{number}", tmp_path / f"tmp{number}"
        shutil.copytree(source, folder)
        tmp.mkdir()
        write(folder)
        try:
            found = outcome(kind, folder, tmp, expected)
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        refused += found == "refused"
        if found not in ("same", "refused") and not VALID.fullmatch(name):
            wrong.append(f"{name}: {found}")
        shutil.rmtree(folder)
        shutil.rmtree(tmp)
    assert wrong == []
    assert refused >= len(tried) / 3
    return len(tried)


@pytest.mark.parametrize("kind", KINDS)
def test_law_hostile_artefact_is_refused_or_used_as_it_says(kind, tmp_path):
    check(kind, tmp_path, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_law_every_hostile_artefact_is_refused_or_used_as_it_says(kind, tmp_path):
    assert check(kind, tmp_path, 0) > 100


TRAIN = """
import sys
import seqkit as sk
from seqkit.core.errors import SeqkitError
losses = ("negative-sampling", "hierarchical-softmax", "full-softmax", "subwords")
for folder in sys.argv[1:]:
    for loss in losses:
        try:
            sk.SkipGram(dim=8, loss=loss, epochs=1, min_count=1, threads=2).fit(sk.Corpus.load(folder))
            print("trained", folder)
        except SeqkitError as error:
            print(error.exit_code)
    try:
        sk.GloVe(dim=8, epochs=1, min_count=1, threads=2).fit(sk.Corpus.load(folder))
        print("trained", folder)
    except SeqkitError as error:
        print(error.exit_code)
"""


def test_ids_that_ended_in_a_signal_are_refused_by_every_loss(tmp_path):
    arrays, meta = files.load(before.FOLDER / "corpus", "corpus")
    folders = []
    for name, wrong in (
        ("ids", 2_000_000_000),
        ("ids", len(arrays["counts"])),
        ("ids", -1),
        ("starts", 1 << 40),
    ):
        other = np.array(arrays[name])
        other[len(other) // 2] = wrong
        folders.append(tmp_path / f"{name}{wrong}")
        crafted.save(folders[-1], "corpus", arrays | {name: other}, meta)
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, *map(str, folders)],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert (done.returncode, done.stdout.split()) == (0, ["4"] * 20), done.stderr


SIZES = """
import shutil, sys, warnings
from pathlib import Path
import bounded, crafted, hostile, test_saved_before as before
from seqkit.core.errors import SeqkitError

used, kinds = Path(sys.argv[1]), sys.argv[2:]
before.FACTS["language-model"](before.FOLDER / "language-model", used)  # libraries and threads are there now
bounded.hold(1 << 30)
warnings.simplefilter("ignore")
for kind in kinds:
    told = crafted.manifest(before.FOLDER / kind)
    for at in hostile.places(told["meta"]):
        if at[:1] in (*hostile.FREE, ("history",)) or type(hostile.part(told["meta"], at)) is not int:
            continue
        for size in (10**9, 2**62):
            shutil.copytree(before.FOLDER / kind, used / "it")
            crafted.reseal(used / "it", told | {"meta": hostile.put(told["meta"], at, size)})
            try:
                before.FACTS[kind](used / "it", used)
                found = "used"
            except SeqkitError as error:
                found = "refused" if error.exit_code == 4 else str(error)
            print(kind, ".".join(map(str, at)), found)
            shutil.rmtree(used / "it")
            shutil.rmtree(used / "copy", ignore_errors=True)
"""


def sizes(kinds, tmp_path, seconds):
    """What becomes of artefacts whose manifests say a huge size, with a GiB more than was held before."""
    printed = bounded.python(SIZES, tmp_path, *kinds, cwd=tmp_path, seconds=seconds)
    return [line.split(maxsplit=2) for line in printed.splitlines()]


def test_sizes_that_the_arrays_do_not_have_are_refused_before_anything_is_built(tmp_path):
    found = sizes(["language-model", "translator"], tmp_path, 300)
    assert [row for row in found if row[2] not in ("refused", "used")] == []
    for name in ("num_layers", "hidden_size", "embed_dim", "decoder_layers"):
        assert {row[2] for row in found if row[1].endswith(name)} <= {"refused"}, name
    assert len(found) > 40


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_law_any_size_that_the_arrays_do_not_have_is_refused_before_anything_is_built(kind, tmp_path):
    assert [row for row in sizes([kind], tmp_path, 600) if row[2] not in ("refused", "used")] == []
