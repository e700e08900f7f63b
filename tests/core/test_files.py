"""core.files: whole or not at all, checked before it is believed, readable by the safetensors library."""

import errno
import json
import multiprocessing
import os
from pathlib import Path

import crafted
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError, ResourceError
from seqkit.core.files import stored

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


def test_array_that_comes_in_blocks_is_saved_as_the_whole(tmp_path):
    whole = np.arange(35, dtype=np.float32).reshape(7, 5)
    streamed = files.Streamed(whole.dtype, whole.shape, lambda: (whole[i : i + 3] for i in range(0, 7, 3)))
    for folder, matrix in (("whole", whole), ("streamed", streamed)):
        files.save(tmp_path / folder, "thing", {"x": matrix, "y": np.ones(2)}, {})
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "streamed" / path.name).read_bytes()
    short = files.Streamed(whole.dtype, whole.shape, lambda: [whole[:3]])
    with pytest.raises(AssertionError, match="another size than it said"):
        files.save(tmp_path / "short", "thing", {"x": short}, {})
    assert list((tmp_path / "short").iterdir()) == []


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


def test_safetensors_library_reads_ours_and_we_read_its_headers(tmp_path):
    files.save(tmp_path / "a", "thing", ARRAYS, {})
    (path,) = (tmp_path / "a").glob("*.safetensors")
    theirs = load_file(path)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(theirs[name], array)
    save_file({"m": ARRAYS["matrix"]}, tmp_path / "theirs.safetensors")
    found = stored.open_arrays(tmp_path / "theirs.safetensors", None, "")
    np.testing.assert_array_equal(found["m"], ARRAYS["matrix"])


def test_first_array_starts_on_a_cache_line(tmp_path):
    files.save(tmp_path / "a", "thing", ARRAYS, {})
    (path,) = (tmp_path / "a").glob("*.safetensors")
    assert (8 + int.from_bytes(path.read_bytes()[:8], "little")) % 64 == 0


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


def test_another_kind_a_missing_folder_and_a_newer_version_are_named(tmp_path):
    folder = saved(tmp_path / "a")
    with pytest.raises(ModelFileError, match="holds thing, expected corpus"):
        files.load(folder, "corpus")
    with pytest.raises(FormatError, match="nowhere: no such file or folder"):
        files.load(tmp_path / "nowhere", "thing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelFileError, match="no manifest.json there"):
        files.load(tmp_path / "empty", "thing")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["seqkit"] = 99
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelFileError, match="got file version 99, expected at most 1"):
        files.load(folder, "thing")


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
        except (ResourceError, OSError) as error:
            assert "space" in str(error)
    arrays, meta = files.load(folder, "thing", verify=True)
    assert arrays["x"].tolist() == [meta["value"]] * 3
    assert not list(folder.glob("*.part"))


def test_saving_again_leaves_no_old_arrays_behind(tmp_path):
    folder = saved(saved(tmp_path / "a"), value=2)
    assert len(list(folder.iterdir())) == 2


def test_unwritable_folder_is_a_resource_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ResourceError, match="cannot be written"):
        files.write_json(tmp_path / "file" / "x.json", {})


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        '{"a": Infinity}',
        "[" * 100_000,
        "{",
        "",
        '"\udc80"'.encode("utf-8", "surrogatepass"),
    ],
)
def test_json_that_is_not_strict_is_refused(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FormatError, match=r"x\.json: not valid JSON"):
        files.read_json(path)


def test_nan_is_never_written_as_json(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "x.json", {"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_blocks(monkeypatch):
    """Files are large, and blocks small."""
    for module, name in ((files, "VERIFY_BELOW"), (files, "READ_AT_ONCE"), (stored, "BLOCK")):
        monkeypatch.setattr(module, name, 1 << 10)


def flip(folder, at):
    (path,) = folder.glob("arrays-*")
    whole = bytearray(path.read_bytes())
    whole[at] ^= 1
    path.write_bytes(whole)


def test_large_file_is_checked_block_by_block_as_it_is_read(tmp_path, small_blocks):
    matrix = np.arange(4000, dtype=np.float32).reshape(100, 40)
    files.save(tmp_path / "a", "thing", {"few": np.ones(3), "matrix": matrix}, {})
    flip(tmp_path / "a", -200)
    arrays, _ = files.load(tmp_path / "a", "thing")
    found = arrays["matrix"]
    np.testing.assert_array_equal(files.check_numbers("matrix", found, np.array([7, 3])), matrix[[7, 3]])
    assert files.check(found[:90]) and not files.check(matrix)
    with pytest.raises(ModelFileError, match="do not match their checksum"):
        files.check(found, np.array([99]))
    with pytest.raises(ModelFileError, match="do not match their checksum"):
        files.check(found)
    with pytest.raises(ModelFileError, match="do not match their checksum"):
        files.save(tmp_path / "b", "thing", {"matrix": found}, {})
    with pytest.raises(ModelFileError, match="the checksum does not match"):
        files.load(tmp_path / "a", "thing", verify=True)


def test_large_file_of_an_older_version_is_compared_whole(tmp_path, small_blocks):
    files.save(tmp_path / "a", "thing", {"x": np.arange(2000.0)}, {})
    manifest = crafted.manifest(tmp_path / "a")
    del manifest["blocks"]
    crafted.reseal(tmp_path / "a", manifest)
    assert files.check(files.load(tmp_path / "a", "thing")[0]["x"])
    flip(tmp_path / "a", -1)
    found = files.load(tmp_path / "a", "thing")[0]["x"]
    with pytest.raises(ModelFileError, match="bytes 0 to 16,.* do not match their checksum"):
        files.check(found, np.array([5]))


def test_small_arrays_and_header_of_a_large_file_are_checked_when_it_is_opened(tmp_path, small_blocks):
    files.save(tmp_path / "a", "thing", {"few": np.ones(3), "x": np.arange(2000.0)}, {})
    for at in (30, 160):
        flip(tmp_path / "a", at)
        with pytest.raises(ModelFileError):
            files.load(tmp_path / "a", "thing")
        flip(tmp_path / "a", at)
    manifest = crafted.manifest(tmp_path / "a")
    manifest["blocks"]["crc32"].pop()
    crafted.reseal(tmp_path / "a", manifest)
    with pytest.raises(ModelFileError, match=r"got 15 checksums of blocks, expected one for each 1,024"):
        files.load(tmp_path / "a", "thing")


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_number_that_is_not_finite_is_found_on_save_and_on_load(tmp_path, wrong, small_blocks):
    numbers = np.ones(2000)
    numbers[1234] = wrong
    with pytest.raises(FormatError, match=f"array x: got {wrong} at place 1,234, expected finite numbers"):
        files.save(tmp_path / "a", "thing", {"x": numbers}, {})
    assert list((tmp_path / "a").iterdir()) == []
    crafted.save(tmp_path / "a", "thing", {"x": numbers}, {})
    with pytest.raises(ModelFileError, match=f"x: got {wrong} at place 1,234"):
        files.check_numbers("x", files.load(tmp_path / "a", "thing")[0]["x"])
    with pytest.raises(ModelFileError, match=f"x: got {wrong} at place 1,234"):
        files.load(tmp_path / "a", "thing", verify=True)


@pytest.mark.parametrize("text", ['{"a": 1e999}', '{"a": 18446744073709551616}', '"\\ud800"'])
def test_numbers_of_more_than_64_bits_and_half_characters_are_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(FormatError, match=r"x\.json: not valid JSON"):
        files.read_json(tmp_path / "x.json")


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
