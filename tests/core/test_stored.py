"""core.files.stored: arrays in one file that the safetensors library reads, checked by block as they are read."""

import json
import re
import zlib

import crafted
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError, SeqkitError, ShapeError
from seqkit.core.files import stored

ARRAYS = {
    "matrix": np.arange(12, dtype=np.float32).reshape(3, 4),
    "ids": np.array([5, -1], np.int32),
    "none": np.zeros((0, 7), np.float32),
    "bytes": np.frombuffer(b"abc", np.uint8),
}


def test_array_that_comes_in_blocks_is_saved_as_the_whole(tmp_path):
    whole = np.arange(35, dtype=np.float32).reshape(7, 5)
    streamed = files.Streamed(
        whole.dtype, whole.shape, lambda: (whole[i : i + 3].astype(float) for i in range(0, 7, 3))
    )
    for folder, matrix in (("whole", whole), ("streamed", streamed)):
        files.save(tmp_path / folder, "thing", {"x": matrix, "y": np.ones(2)}, {})
    for path in (tmp_path / "whole").iterdir():
        assert path.read_bytes() == (tmp_path / "streamed" / path.name).read_bytes()
    short = files.Streamed(whole.dtype, whole.shape, lambda: [whole[:3]])
    with pytest.raises(AssertionError, match="^a streamed array gave another size than it said$"):
        files.save(tmp_path / "short", "thing", {"x": short}, {})
    assert list((tmp_path / "short").iterdir()) == []


def test_safetensors_library_reads_ours_and_we_read_its_headers(tmp_path):
    files.save(tmp_path / "a", "thing", ARRAYS, {})
    (path,) = (tmp_path / "a").glob("*.safetensors")
    theirs = load_file(path)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(theirs[name], array)
    save_file({"m": ARRAYS["matrix"]}, tmp_path / "theirs.safetensors", metadata={"by": "them"})
    found = stored.open_arrays(tmp_path / "theirs.safetensors", None, "")
    assert found.keys() == {"m"}
    np.testing.assert_array_equal(found["m"], ARRAYS["matrix"])


def test_first_array_starts_on_a_cache_line(tmp_path):
    files.save(tmp_path / "a", "thing", ARRAYS, {})
    (path,) = (tmp_path / "a").glob("*.safetensors")
    assert (8 + int.from_bytes(path.read_bytes()[:8], "little")) % 64 == 0


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
    files.save(tmp_path / "a", "thing", {"few": np.ones(3), "x": np.arange(2000.0)}, {})
    manifest = crafted.manifest(tmp_path / "a")
    del manifest["blocks"]
    crafted.reseal(tmp_path / "a", manifest)
    assert files.check(files.load(tmp_path / "a", "thing")[0]["x"])
    flip(tmp_path / "a", -1)
    found = files.load(tmp_path / "a", "thing")[0]["x"]
    assert files.check(found, np.zeros(0, int))
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


def test_each_block_is_compared_once(tmp_path, small_blocks, monkeypatch):
    files.save(tmp_path / "a", "thing", {"x": np.arange(2000.0)}, {})
    found = files.load(tmp_path / "a", "thing")[0]["x"]
    seen, crc32 = [], zlib.crc32
    monkeypatch.setattr(zlib, "crc32", lambda *block: seen.append(1) or crc32(*block))
    files.check(found, np.array([0, 1, 1999]))
    assert len(seen) == 1  # the first block holds the header, too, and was compared when it was opened
    for _ in range(2):
        files.check(found)
        assert len(seen) == 15


@pytest.mark.parametrize("width", [13, 32, 100])  # a row ends one byte within a block, with a block, later
@pytest.mark.parametrize("rows", [None, [], [0], [1], [4], [0, 3, 4], [4, 4, 2]])
def test_blocks_that_some_rows_lie_in_are_compared_and_no_others(
    tmp_path, small_blocks, monkeypatch, width, rows
):
    for module, name in ((stored, "BLOCK"), (files, "VERIFY_BELOW"), (files, "READ_AT_ONCE")):
        monkeypatch.setattr(module, name, 64)
    other = np.ones(128, np.uint8)
    files.save(tmp_path / "a", "thing", {"o": other, "x": np.ones((5, width), np.uint8), "p": other}, {})
    manifest = crafted.manifest(tmp_path / "a")
    path, sums = tmp_path / "a" / manifest["arrays"], manifest["blocks"]["crc32"]
    begin = manifest["bytes"] - 128 - 5 * width
    needed = {
        at // 64
        for r in range(5)
        if rows is None or r in rows
        for at in range(begin + r * width, begin + (r + 1) * width)
    }
    arguments = () if rows is None else (np.array(rows, np.uint8),)
    for block in range(4, len(sums)):  # those of the header are compared when it is opened
        sums[block] ^= 1
        crafted.reseal(tmp_path / "a", manifest)
        found = files.load(tmp_path / "a", "thing")[0]["x"]
        if block in needed:
            end = min((block + 1) * 64, manifest["bytes"])
            text = f"{path}: bytes {block * 64:,} to {end:,} do not match their checksum, so the file is damaged."
            with pytest.raises(ModelFileError, match=f"^{re.escape(text)}"):
                files.check(found, *arguments)
        else:
            assert files.check(found, *arguments)
        sums[block] ^= 1


def test_header_with_another_name_is_noticed_when_it_is_opened(tmp_path, small_blocks):
    files.save(tmp_path / "a", "thing", {"few": np.ones(3), "x": np.arange(2000.0)}, {})
    (path,) = (tmp_path / "a").glob("arrays-*")
    flip(tmp_path / "a", path.read_bytes().index(b"few"))
    with pytest.raises(ModelFileError, match="bytes 0 to 1,024 do not match their checksum"):
        files.load(tmp_path / "a", "thing")


def test_container_of_other_numbers_and_what_is_none_are_told(tmp_path):
    path = tmp_path / "x.safetensors"
    head = json.dumps({"x": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + bytes(4))
    with pytest.raises(ModelFileError) as told:
        stored.open_arrays(path, None, "")
    assert str(told.value) == (
        f"{path}: array 'x' has dtype BF16, expected one of F64, F32, I64, I32, U64, U32, U8, BOOL, F16, I8."
    )
    path.write_bytes(b"text")
    with pytest.raises(ModelFileError, match=f"^{re.escape(str(path))}: not a valid safetensors file \\("):
        stored.open_arrays(path, None, "")
    with pytest.raises(SeqkitError) as told:
        files.save(tmp_path / "a", "thing", {"x": np.zeros(2, np.complex64)}, {})
    assert str(told.value) == (
        "files.save: array 'x' has dtype complex64, expected one of float64, float32, int64, int32, uint64, "
        "uint32, uint8, bool, float16, int8."
    )


def test_numbers_are_looked_at_where_they_are_first_read(tmp_path, small_blocks):
    numbers = np.ones((500, 4))
    numbers[77, 1] = np.inf
    crafted.save(tmp_path / "a", "thing", {"x": numbers, "ids": np.arange(2000)}, {})
    arrays, _ = files.load(tmp_path / "a", "thing")
    np.testing.assert_array_equal(files.check_numbers("ids", arrays["ids"], np.array([3])), [3])
    np.testing.assert_array_equal(files.check_numbers("y", arrays["x"], np.array([76, 78])), np.ones((2, 4)))
    assert files.check_numbers("y", numbers) is numbers  # it is of no file
    with pytest.raises(ModelFileError) as told:
        files.check_numbers("y", arrays["x"])
    way_out = "expected finite numbers. Restore the file from a copy."
    assert str(told.value) == f"y: got inf at place 309, {way_out}"
    with pytest.raises(ModelFileError) as told:
        files.load(tmp_path / "a", "thing", verify=True)
    (path,) = (tmp_path / "a").glob("arrays-*")
    assert str(told.value) == f"{path}: array x: got inf at place 309, {way_out}"
    with pytest.raises(FormatError) as told:
        files.save(tmp_path / "b", "thing", {"x": numbers}, {})
    assert str(told.value) == (
        "files.save: array x: got inf at place 309, expected finite numbers. Nothing was written."
    )


def test_array_that_is_looked_at_otherwise_is_compared_first(tmp_path, small_blocks):
    files.save(tmp_path / "a", "thing", {"x": np.arange(2000)}, {})
    found = files.load(tmp_path / "a", "thing")[0]["x"]

    def look():
        raise ShapeError("x: no good.")

    assert files.checked(found, lambda: None, ModelFileError) is found
    with pytest.raises(ModelFileError, match="^in a.txt: x: no good.$"):
        files.checked(found, look, lambda error: ModelFileError(f"in a.txt: {error}"))
    flip(tmp_path / "a", -1)
    with pytest.raises(ModelFileError, match="do not match their checksum"):
        files.checked(files.load(tmp_path / "a", "thing")[0]["x"], look, ModelFileError)
