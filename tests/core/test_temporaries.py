"""Temporary files and folders: where they lie, and that those of killed writers go, and no others."""

import errno
import multiprocessing
import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
from faults import failing

from seqkit.core.files import places


def test_temporary_folder_lies_where_it_should_and_goes_away(tmp_path, monkeypatch):
    for _ in range(2):  # its folder is made, or there already
        with places.temporary_folder(tmp_path / "a" / "b", "counting") as name:
            Path(name, "inside").write_text("x")
            assert Path(name).parent == tmp_path / "a" / "b"
            assert re.fullmatch(rf"\.counting\.[0-9a-f]{{8}}-{os.getpid()}-\w+\.part", Path(name).name)
        assert list((tmp_path / "a" / "b").iterdir()) == []
    with places.temporary_folder(None, "counting") as name:
        assert Path(name).parent == Path(tempfile.gettempdir())
        monkeypatch.setattr(os, "rmdir", failing(errno.ENOTEMPTY))
    assert Path(name).exists()  # what cannot be removed is no error
    monkeypatch.undo()
    Path(name).rmdir()


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
    assert own.name.startswith(".model.")
    with places.claimed(tmp_path / "out"):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {*mine, own.name}


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_process_that_may_live_keeps_its_temporary_files(tmp_path, monkeypatch, platform):
    def kill(pid, number):
        assert (platform, pid, number) == ("linux", 4194304, 0)  # 0 asks, any other signal may end it
        raise PermissionError(errno.EPERM, "of another user")

    path = tmp_path / f".model.{places._host()}-4194304-abc.part"
    path.write_text("x")
    monkeypatch.setattr(places.sys, "platform", platform)
    monkeypatch.setattr(os, "kill", kill)
    places.sweep(tmp_path)
    assert path.exists()


@pytest.mark.parametrize("number", [2**31, 2**200])
def test_number_that_no_process_has_is_no_fault(tmp_path, number):
    path = tmp_path / f".model.{places._host()}-{number}-abc.part"
    path.write_text("x")
    places.sweep(tmp_path)
    assert path.exists()


@pytest.fixture
def dead():
    """The number of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_folder_that_cannot_be_removed_keeps_no_other(tmp_path, monkeypatch, dead):
    rmdir, calls = os.rmdir, []

    def fail_once(*arguments, **settings):
        calls.append(1)
        (failing(errno.EBUSY) if len(calls) == 1 else rmdir)(*arguments, **settings)

    for name in "abc":
        (tmp_path / f".{name}.{places._host()}-{dead}-x.part").mkdir()
    monkeypatch.setattr(os, "rmdir", fail_once)
    places.sweep(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_link_to_a_folder_goes_and_the_folder_stays(tmp_path, dead):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("mine")
    (tmp_path / f".model.{places._host()}-{dead}-abc.part").symlink_to("mine")
    places.sweep(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "a.txt"]
    places.sweep(tmp_path / "nowhere")
