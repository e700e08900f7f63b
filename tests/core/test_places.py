"""Where results may be written, that one process at a time writes there, and that what killed writers left goes away."""

import multiprocessing
import os
import signal
import socket
from pathlib import Path

import numpy as np
import pytest

from seqkit.core.errors import OptionError
from seqkit.core.files import places
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "log.jsonl").write_text("{}")
    Vectors(Vocab(["a"], np.ones(1, np.int64)), np.ones((1, 2), np.float32)).save(tmp_path / "v")
    (tmp_path / "link").symlink_to("v")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


FORBIDDEN = {
    "": "out: got ''",
    "  ": "out: got '  '",
    ".": "out: got '.'",
    "..": "out: got '..'",
    "mine/..": "out: got 'mine/..'",
    "link": "link: is a link to v",
    "dangling": "dangling: is a link to nowhere",
    "pipe": "pipe: is a pipe",
    "/dev/null": "/dev/null: is a device",
    "mine": "mine: holds files that seqkit did not write",
    "read.txt": "read.txt: is read by this command",
    "w/checkpoint/x": "w/checkpoint/x: lies inside w, which is read",
}
REPLACEABLE = {
    "notes.txt": "a file",
    "v": "vectors",
    "begun": "a run that was not finished",
}


@pytest.mark.parametrize("out", FORBIDDEN)
@pytest.mark.parametrize("replace", [False, True])
def test_place_that_is_never_written_to(here, out, replace):
    (here / "read.txt").write_text("text")
    Vectors(Vocab(["a"], np.ones(1, np.int64)), np.ones((1, 2), np.float32)).save(here / "w")
    with pytest.raises(OptionError) as told:
        places.check(out, ["read.txt", "w", "not there"], replace=replace)
    assert str(told.value).startswith(FORBIDDEN[out])


@pytest.mark.parametrize("out", REPLACEABLE)
def test_place_that_is_replaced_if_asked(here, out):
    with pytest.raises(OptionError, match=f"{out}: holds {REPLACEABLE[out]} already.*--force"):
        places.check(out)
    places.check(out, replace=True)


@pytest.mark.parametrize("out", ["new", "new/deep/er", "empty", Path("new.svg")])
def test_new_place(here, out):
    places.check(out, ["notes.txt", "v", "mine"])


def hold(out, pipe):
    with places.claimed(out):
        pipe.send("held")
        pipe.recv()


@pytest.fixture
def holder(tmp_path):
    """Another process that writes to a place."""
    fork = multiprocessing.get_context("spawn")
    mine, its = fork.Pipe()
    process = fork.Process(target=hold, args=(tmp_path / "deep" / "out", its))
    process.start()
    assert mine.recv() == "held"
    yield process
    process.kill()
    process.join()


def test_second_writer_is_told_who_writes(holder, tmp_path):
    out = tmp_path / "deep" / "out"
    name = f"deep/out: is being written by process {holder.pid} on {socket.gethostname()} since 2"
    with pytest.raises(OptionError, match=name), places.claimed(out):
        pass
    with places.claimed(tmp_path / "deep" / "other"):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()
    with places.claimed(out):
        pass
    assert not (tmp_path / "deep").exists() or not list((tmp_path / "deep").iterdir())


def test_nothing_is_left_of_a_claim(tmp_path):
    with pytest.raises(ZeroDivisionError), places.claimed(tmp_path / "a" / "b" / "out"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
    with places.claimed(tmp_path / "a" / "b" / "out"):
        (tmp_path / "a" / "b" / "out").write_text("x")
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["out"]


def leave(folder):
    places.temporary(folder / "manifest.json")
    made = places.temporary_folder(folder, "counting")
    Path(made.name, "inside").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)


def test_temporary_files_of_the_dead_go_and_those_of_the_living_stay(tmp_path):
    process = multiprocessing.get_context("spawn").Process(target=leave, args=(tmp_path,))
    process.start()
    process.join()
    left = {path.name for path in tmp_path.iterdir()}
    assert len(left) == 2
    assert all(name.endswith(".part") for name in left)
    mine = [".text8.part", ".x.00000000-1-abc.part", "a.part"]  # a download, another host, a user's own
    for name in mine:
        (tmp_path / name).write_text("x")
    handle, own = places.temporary(tmp_path / "model")
    os.close(handle)
    with places.claimed(tmp_path / "out"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {*mine, own.name}
