"""core.files: whole or not at all, checked before it is believed, readable by the safetensors library."""

import errno
import multiprocessing
import os
import re
import stat
import subprocess
from pathlib import Path

import crafted
import numpy as np
import pytest
from faults import failing

from seqkit.core import files
from seqkit.core.errors import ModelFileError, OptionError, ResourceError
from seqkit.core.files import places, stored

ARRAYS = {
    "matrix": np.arange(12, dtype=np.float32).reshape(3, 4),
    "ids": np.array([5, -1], np.int32),
    "none": np.zeros((0, 7), np.float32),
    "bytes": np.frombuffer(b"abc", np.uint8),
    "flags": np.array([True, False]),
    "big": np.array([2**63], np.uint64),
}


def saved(folder, value=1):
    files.save(folder, "thing", {"x": np.full(3, value, np.int64)}, {"value": value})
    return folder


def test_arrays_and_settings_come_back_equal(tmp_path):
    files.save(tmp_path / "a", "thing", ARRAYS, {"name": "é", "n": [1, 2]})
    arrays, meta = files.load(tmp_path / "a", "thing", verify=True)
    assert meta == {"name": "é", "n": [1, 2]}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)
        assert not arrays[name].flags.writeable or array.size == 0


def test_same_content_gives_same_bytes(tmp_path):
    files.save(tmp_path / "a", "thing", ARRAYS, {"n": 1})
    files.save(tmp_path / "b", "thing", ARRAYS, {"n": 1})
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_every_flipped_byte_and_every_truncation_is_noticed(tmp_path):
    folder = saved(tmp_path / "a")
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for at in range(len(whole)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1 :])
            try:
                arrays, meta = files.load(folder, "thing")
            except ModelFileError:
                continue
            assert (arrays["x"].tolist(), meta) == ([1, 1, 1], {"value": 1})  # white space of the JSON
        for size in range(len(whole) - 1):
            path.write_bytes(whole[:size])
            with pytest.raises(ModelFileError):
                files.load(folder, "thing")
        path.write_bytes(whole)


@pytest.mark.parametrize("fault", ["fsync", "replace"])
@pytest.mark.parametrize("call", range(1, 6))
def test_fault_at_any_write_leaves_the_old_or_the_new_whole(tmp_path, monkeypatch, fault, call):
    folder = saved(tmp_path / "a")
    calls = []

    def failing(real):
        def wrapper(*args, **kwargs):
            calls.append(1)
            if len(calls) == call:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(*args, **kwargs)

        return wrapper

    with monkeypatch.context() as patch:
        target = (os, "fsync") if fault == "fsync" else (Path, "replace")
        patch.setattr(*target, failing(getattr(*target)))
        try:
            saved(folder, value=2)
        except ResourceError as error:
            assert "no space left on the disk; nothing was written. Free some" in str(error)
    arrays, meta = files.load(folder, "thing", verify=True)
    assert arrays["x"].tolist() == [meta["value"]] * 3
    assert not list(folder.glob("*.part"))


def test_file_lies_on_the_disk_before_it_has_its_name_and_then_its_name_does(tmp_path, monkeypatch):
    path, calls, fsync = tmp_path / "a" / "b" / "x.json", [], os.fsync

    def spy(handle):
        found = os.fstat(handle)
        calls.append(
            (found.st_ino, found.st_size if stat.S_ISREG(found.st_mode) else "folder", path.exists())
        )
        fsync(handle)

    monkeypatch.setattr(os, "fsync", spy)
    files.write_json(path, {"a": 1})
    size, (file, folder) = path.stat().st_size, (path.stat().st_ino, path.parent.stat().st_ino)
    assert calls == [(file, size, False), (folder, "folder", True)]
    saved(tmp_path / "c")
    assert len(calls) == 6  # arrays and manifest, a file and a folder each


def test_windows_does_not_open_folders(tmp_path, monkeypatch):
    monkeypatch.setattr(files.sys, "platform", "win32")
    monkeypatch.setattr(os, "open", None)  # as Path.open does not
    files._sync_folder(tmp_path)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks at open files in /proc")
def test_no_file_stays_open(tmp_path):
    saved(tmp_path / "a")
    before = len(list(Path("/proc/self/fd").iterdir()))
    saved(tmp_path / "a", value=2)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_file_may_be_read_by_whom_the_umask_lets(tmp_path, mask):
    before = os.umask(mask)
    try:
        files.write_json(tmp_path / "x.json", {})
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.json").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "no space left on the disk; nothing was written"),
        (errno.EDQUOT, "no space left on the disk; nothing was written"),
        (errno.EIO, "cannot be written (Input/output error)"),
    ],
)
def test_full_disk_is_told_apart_from_other_faults(tmp_path, monkeypatch, number, told):
    fail = failing(number)

    def refused(function, where):
        with pytest.raises(ResourceError, match=f"^{re.escape(f'{where}: {told}')}"):
            function()

    for place, name in ((os, "fsync"), (places, "temporary"), (Path, "mkdir"), (Path, "replace")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, fail)
            refused(lambda: files.write_json(tmp_path / "x.json", {}), tmp_path / "x.json")
    for name in ("mkdir", "unlink"):
        saved(tmp_path / "a")
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, fail)
            refused(lambda: saved(tmp_path / "a", value=2), tmp_path / "a")
    assert not list(tmp_path.glob("*x.json*"))


def test_old_arrays_and_what_a_killed_writer_left_go_when_it_is_saved_again(tmp_path):
    folder = saved(tmp_path / "a")
    process = subprocess.Popen(["true"])
    process.wait()
    (folder / f".arrays.{places._host()}-{process.pid}-abc.part").write_text("x")
    (folder / "notes.txt").write_text("mine")
    saved(folder, value=2)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [crafted.manifest(folder)["arrays"], "manifest.json", "notes.txt"]


def test_artefact_of_another_kind_is_kept_and_a_damaged_one_replaced(tmp_path):
    folder = saved(tmp_path / "a")
    assert (files.kind_of(folder), files.kind_of(tmp_path)) == ("thing", None)
    with pytest.raises(OptionError) as told:
        files.save(folder, "vectors", {"x": np.zeros(3)}, {})
    assert str(told.value) == f"{folder}: holds thing, expected vectors or a new folder. Choose another one."
    assert files.load(folder, "thing")[1] == {"value": 1}
    (folder / "manifest.json").write_text("{")
    files.save(folder, "vectors", {"x": np.zeros(3)}, {})
    assert files.kind_of(folder) == "vectors"


@pytest.mark.parametrize("error", [FileNotFoundError("gone"), ModelFileError("half")])
def test_reader_whose_artefact_is_replaced_meanwhile_reads_the_new_one(tmp_path, monkeypatch, error):
    folder, real, left = saved(tmp_path / "a"), stored.open_arrays, [2, 3]

    def replaced(*arguments):
        if not left:
            return real(*arguments)
        saved(folder, value=left.pop(0))
        raise error

    monkeypatch.setattr(stored, "open_arrays", replaced)
    arrays, meta = files.load(folder, "thing")
    assert (arrays["x"].tolist(), meta) == ([3, 3, 3], {"value": 3})
    monkeypatch.setattr(stored, "open_arrays", lambda *_: (_ for _ in ()).throw(error))
    with pytest.raises(type(error)):
        files.load(folder, "thing")


def _save_often(folder, number):
    for _ in range(12):
        files.save(folder, "vectors", {"x": np.full(1000, number)}, {"number": number})


def test_two_writers_take_turns_and_a_reader_sees_one_whole_artefact(tmp_path):
    files.save(tmp_path, "vectors", {"x": np.full(1000, 1)}, {"number": 1})
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_save_often, args=(tmp_path, number)) for number in (1, 2)]
    for one in writers:
        one.start()
    read = 0
    while read < 20 or any(one.is_alive() for one in writers):
        arrays, meta = files.load(tmp_path, "vectors")
        assert (arrays["x"] == meta["number"]).all()
        read += 1
    assert [one.exitcode for one in writers] == [0, 0]
    assert len(list(tmp_path.iterdir())) == 2
