"""What a command keeps only to save work is made again when it is damaged, with a warning; so is a damaged result."""

import shutil

import pytest
from in_process import run

from benchmarks._trust import commands
from benchmarks._trust.commands import COMMANDS
from benchmarks._trust.processes import contents

KEPT = [
    ("embed train", "out/corpus"),
    ("embed train glove", "out/corpus"),
    ("embed train glove", "out/counts"),
    ("embed train-window", "out/corpus"),
    ("lm train", "out/corpus"),
    ("embed count", "out"),
]


def flip(folder):
    (arrays,) = folder.glob("arrays-*")
    raw = bytearray(arrays.read_bytes())
    raw[-9] ^= 1
    arrays.write_bytes(raw)


def cut(folder):
    (arrays,) = folder.glob("arrays-*")
    arrays.write_bytes(arrays.read_bytes()[:-9])


def lose(folder):
    (arrays,) = folder.glob("arrays-*")
    arrays.unlink()


def unreadable(folder):
    (folder / "manifest.json").write_text("{")


def forge(folder):
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"kind"', '"kinds"'))


DAMAGES = (flip, cut, lose, unreadable, forge)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("kept")
    commands.texts(root / "in")
    return root


@pytest.mark.parametrize(("name", "kept"), KEPT)
def test_damaged_work_of_before_is_done_again_and_said(place, name, kept):
    command, work = COMMANDS[name], place / name.replace(" ", "-")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    run(*command.words, cwd=work)
    before = contents(work)
    for damage in DAMAGES:
        damage(work / kept)
        said = run(*command.words, *filter(None, [command.again]), cwd=work).stderr
        assert f"warning: {kept}" in said, damage.__name__
        assert "is made again" in said, damage.__name__
        assert contents(work) == before, damage.__name__


@pytest.mark.parametrize("name", ["corpus build", "embed train"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_result_is_replaced_by_force(place, name, damage):
    work = place / f"{name}-{damage.__name__}".replace(" ", "-")
    work.mkdir()
    run(*COMMANDS[name].words, cwd=work)
    before = contents(work)
    damage(work / "out")
    run(*COMMANDS[name].words, "--force", cwd=work)
    assert contents(work) == before
