"""Where results may be written, that one process at a time writes there, and that what killed writers left goes away."""

import contextlib
import datetime
import errno
import multiprocessing
import os
import re
import signal
import socket
import tempfile
from pathlib import Path

import filelock
import numpy as np
import pytest
from faults import failing

from seqkit.core import files
from seqkit.core.errors import OptionError, ResourceError
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


@pytest.mark.parametrize(
    "manifest", ["{", "3", "null", '"seqkit"', '["seqkit"]', "{}", "[" * 100_000, "\x00"]
)
def test_folder_with_a_manifest_of_another_program_is_never_written_to(here, manifest):
    (here / "mine" / "manifest.json").write_text(manifest)
    with pytest.raises(OptionError, match="mine: holds files that seqkit did not write"):
        places.check("mine", replace=True)


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


def claim(out):
    with places.claimed(out):
        pass


@pytest.mark.parametrize(
    ("write", "lock", "wait"),
    [
        (claim, ".a.lock", 0),
        (lambda out: files.save(out, "thing", {}, {}), "a/.lock", 60),
    ],
)
def test_claim_does_not_wait_and_a_short_writer_waits_a_minute(tmp_path, monkeypatch, write, lock, wait):
    seen = []

    def acquire(lock):
        seen.append((Path(lock.lock_file), lock.timeout))
        Path(lock.lock_file).write_text("?")
        raise filelock.Timeout(lock.lock_file)

    monkeypatch.setattr(filelock.SoftFileLock, "acquire", acquire)
    told = f"{tmp_path / 'a'}: is being written by another process. Wait for it, stop it, or choose another"
    with pytest.raises(OptionError, match=f"^{re.escape(told)}"):
        write(tmp_path / "a")
    assert seen == [(tmp_path / lock, wait)]


@pytest.mark.parametrize(
    ("lock", "by"),
    [
        ("12345\nfar away\n", "process 12345 on far away since 2026-03-04 05:06:07"),
        ("12345\nKärnten\n", "process 12345 on Kärnten since 2026-03-04 05:06:07"),
        ("?", "another process"),
        ("", "another process"),
    ],
)
def test_holder_is_told_by_what_its_lock_says(tmp_path, monkeypatch, lock, by):
    path = tmp_path / ".out.lock"
    path.write_text(lock, encoding="utf-8")
    then = datetime.datetime(2026, 3, 4, 5, 6, 7).timestamp()
    os.utime(path, (then, then))
    monkeypatch.setattr("io.text_encoding", lambda encoding, *_: encoding or "latin-1")  # of the locale
    assert places._holder(path) == by
    assert places._holder(tmp_path / "gone") is None


def test_lock_that_is_given_back_while_its_holder_is_looked_for_is_taken(tmp_path, monkeypatch):
    acquire, late = filelock.SoftFileLock.acquire, [1]

    def once_too_early(lock):
        if late:
            late.pop()
            raise filelock.Timeout(lock.lock_file)  # and then it is gone
        return acquire(lock)

    monkeypatch.setattr(filelock.SoftFileLock, "acquire", once_too_early)
    with places.claimed(tmp_path / "out"):
        assert (tmp_path / ".out.lock").exists()


@pytest.mark.parametrize(
    "write",
    [
        lambda file: claim(file / "out"),
        lambda file: contextlib.ExitStack().enter_context(places.locked(file / ".lock", file)),
        lambda file: places.temporary_folder(file, "counting"),
    ],
)
def test_place_below_a_file_is_told(tmp_path, write):
    (tmp_path / "file").write_text("x")
    text = f"{tmp_path / 'file'}: cannot be written ("
    with pytest.raises(ResourceError, match=f"^{re.escape(text)}"):
        write(tmp_path / "file")


def test_full_disk_is_told_as_one_wherever_a_place_is_claimed(tmp_path, monkeypatch):
    full = failing(errno.ENOSPC)
    with monkeypatch.context() as patch:
        patch.setattr(filelock.SoftFileLock, "acquire", full)
        with pytest.raises(ResourceError, match="no space left on the disk"):
            claim(tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", full)
        for make in (
            lambda: places.temporary_folder(tmp_path / "a", "x"),
            lambda: claim(tmp_path / "a" / "b"),
        ):
            with pytest.raises(ResourceError, match=f"^{re.escape(str(tmp_path / 'a'))}: no space left"):
                make()
    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    with pytest.raises(
        ResourceError, match=f"^{re.escape(tempfile.gettempdir())}: no space left on the disk"
    ):
        places.temporary_folder(None, "counting")


def test_lock_is_free_after_an_error_that_is_still_looked_at(tmp_path):
    with pytest.raises(ZeroDivisionError) as told, places.locked(tmp_path / "lock", tmp_path):
        raise ZeroDivisionError
    assert not (tmp_path / "lock").exists(), told


def test_nothing_is_left_of_a_claim(tmp_path):
    with pytest.raises(ZeroDivisionError), places.claimed(tmp_path / "a" / "b" / "out"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
    with places.claimed(tmp_path / "a" / "b" / "out"):
        (tmp_path / "a" / "b" / "out").write_text("x")
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["out"]
