"""What a writer that was killed leaves is known as such: the next one replaces it, takes its locks and removes its temporaries."""

import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from seqkit.core.errors import OptionError
from seqkit.core.files import places
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.text.vocab import Vocab


def vectors():
    return Vectors(Vocab(["a"], np.ones(1, np.int64)), np.ones((1, 2), np.float32))


def leave(folder):
    places.temporary(folder / "manifest.json")
    made = places.temporary_folder(folder, "counting")
    Path(made.name, "inside").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)


def killed_save(folder):
    """What a save leaves that was killed at one moment or another."""
    folder.mkdir()
    for name in (".lock", ".arrays", "arrays-0123456789abcdef.safetensors"):
        (folder / name).touch()
    (folder / "corpus").mkdir()
    return folder


def test_folder_of_a_killed_writer_is_replaced_if_asked_and_one_with_another_file_never(tmp_path):
    folder = killed_save(tmp_path / "out")
    with pytest.raises(OptionError, match="a run that was not finished already"):
        places.check(folder)
    places.check(folder, replace=True)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OptionError, match="files that seqkit did not write"):
        places.check(folder, replace=True)
    places.check(folder, among=True)


def test_folder_with_a_manifest_of_another_program_is_not_ours(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "manifest.json").write_text('{"name": "a web page"}')
    with pytest.raises(OptionError, match="files that seqkit did not write"):
        places.check(tmp_path / "app", replace=True)


def test_damaged_artefact_is_replaced_if_asked(tmp_path):
    vectors().save(tmp_path / "v")
    (tmp_path / "v" / "manifest.json").write_text("{")
    with pytest.raises(OptionError, match="v: holds a damaged artefact already"):
        places.check(tmp_path / "v")
    places.check(tmp_path / "v", replace=True)


def die_holding(folder):
    with places.locked(folder / ".lock", folder):
        os.kill(os.getpid(), signal.SIGKILL)


def test_claim_removes_locks_of_the_dead_and_arrays_without_a_name_within(tmp_path):
    folder = tmp_path / "out" / "checkpoint"
    vectors().save(folder)
    whole = sorted(path.name for path in folder.iterdir())
    process = multiprocessing.get_context("spawn").Process(target=die_holding, args=(folder,))
    process.start()
    process.join()
    for name in (".arrays", "arrays-0123456789abcdef.safetensors"):
        (folder / name).touch()
    assert len(list(folder.iterdir())) == len(whole) + 3
    with places.claimed(tmp_path / "out"):
        pass
    assert sorted(path.name for path in folder.iterdir()) == whole


def test_lock_that_nobody_signed_is_free(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "SIGNING", 0.0)
    (tmp_path / ".out.lock").touch()
    with places.claimed(tmp_path / "out"):
        assert (tmp_path / ".out.lock").read_text().startswith(f"{os.getpid()}\n")
    assert not list(tmp_path.iterdir())


def test_new_temporaries_remove_those_of_the_dead_beside_them(tmp_path, monkeypatch):
    process = multiprocessing.get_context("spawn").Process(target=leave, args=(tmp_path,))
    process.start()
    process.join()
    monkeypatch.setattr(places.tempfile, "tempdir", str(tmp_path))
    with places.temporary_folder(None, "corpus") as made:
        assert [path.name for path in tmp_path.iterdir()] == [Path(made).name]
    places.temporary(tmp_path / "picture.svg")
    assert len(list(tmp_path.iterdir())) == 1
