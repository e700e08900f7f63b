"""The JSON of our files: what is written can be read, what is read is strict, and a manifest says what lies beside it."""

import json

import crafted
import numpy as np
import pytest

from seqkit.core import files
from seqkit.core.errors import FormatError, ModelFileError, ResourceError
from seqkit.core.files import stored


def refused(read, *arguments, **settings):
    """What is said of a file."""
    with pytest.raises((FormatError, ModelFileError)) as told:
        read(*arguments, **settings)
    return str(told.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ('{"a": 1e999}', "1e999 is too large a number"),
        (f'{{"a": 1{"0" * 400}.5}}', "10000000000000000000 is too large a number"),
        ('{"a": 18446744073709551616}', "18446744073709551616... has more than 64 bits"),
        ('{"a": -9223372036854775809}', "-9223372036854775809... has more than 64 bits"),
        (f'{{"a": 1{"0" * 5000}}}', "10000000000000000000... has more than 64 bits"),
        ('"\\ud800"', "surrogates not allowed"),
        ('"\\uDFFF"', "surrogates not allowed"),
        ("[" * 100_000, "it is nested deeper than 100"),
        ("{", "Expecting property name"),
        ("", "Expecting value"),
        ("\udc80", "invalid start byte"),
    ],
)
def test_json_that_is_not_strict_is_refused(tmp_path, text, why):
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    told = refused(files.read_json, path)
    assert told.startswith(f"{path}: not valid JSON (")
    assert why in told
    assert told.endswith("). Restore the file or make it again.")


def test_json_that_is_strict_comes_back(tmp_path):
    value = {
        "é😀": [1, -0.5, 1.7e308, None, True, ""],
        "range": [-(2**63), 2**64 - 1],
        "b": {"a": [[]]},
    }
    files.write_json(tmp_path / "x.json", value)
    assert files.read_json(tmp_path / "x.json") == value
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert text.startswith('{\n "é😀": [\n  1,')
    assert text.endswith("}\n")
    (tmp_path / "x.json").write_text('"\\ud83d\\ude00 \\\\ud800"')
    assert files.read_json(tmp_path / "x.json") == "😀 \\ud800"


def test_json_of_more_than_the_limit_is_not_read(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(f'"{"a" * 1998}"')
    assert files.read_json(path, limit=2000) == "a" * 1998
    told = f"{path}: got 2,000 bytes of JSON, expected at most 1,999."
    assert refused(files.read_json, path, limit=1999) == told
    with path.open("r+b") as file:
        file.truncate((256 << 20) + 1)
    assert refused(files.read_json, path).endswith("expected at most 268,435,456.")


def test_unwritable_folder_is_a_resource_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ResourceError, match="cannot be written"):
        files.write_json(tmp_path / "file" / "x.json", {})


def test_nan_is_never_written_as_json(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "x.json", {"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def folder(tmp_path):
    files.save(tmp_path / "a", "thing", {"x": np.ones(3)}, {"value": 1})
    return tmp_path / "a"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"seqkit": 99}, "got file version 99, expected at most 1. Update seqkit."),
        ({"seqkit": True}, "not a seqkit manifest."),
        ({"seqkit": "1"}, "not a seqkit manifest."),
        ({"seqkit": 0}, "got 0 as seqkit, expected a whole number of at least 1."),
        ({"kind": 3}, "got 3 as kind, expected a text."),
        ({"bytes": 0}, "got 0 as bytes, expected a whole number of at least 1."),
        (
            {"blocks": {"size": 0, "crc32": []}},
            "got 0 as blocks.size, expected a whole number of at least 1.",
        ),
        (
            {"blocks": {"size": 100, "crc32": [1, 2, 3]}},
            "got 3 checksums of blocks, expected one for each 100 of 152 bytes. Restore it from a copy.",
        ),
        *(
            (
                {"arrays": name},
                f"got {name!r} as arrays, expected the name of a file of arrays. Restore it from a copy.",
            )
            for name in (
                "../arrays-0123456789abcdef.safetensors",
                "arrays-0123456789abcdef.safetensors/",
                "arrays-0123456789ABCDEF.safetensors",
                "arrays-0123456789abcde.safetensors",
                "arrays-0123456789abcdef.safetensorsx",
                "x",
                "",
            )
        ),
    ],
)
def test_manifest_that_says_something_else_is_refused(folder, change, why):
    path = folder / "manifest.json"
    crafted.reseal(folder, crafted.manifest(folder) | change)
    assert refused(files.load, folder, "thing").startswith(f"{path}: {why}")
    assert refused(files.kind_of, folder).startswith(f"{path}: {why}")


def test_manifest_that_is_none_or_was_edited_is_refused(folder, tmp_path):
    path = folder / "manifest.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(told.items()))))
    assert files.load(folder, "thing")[1] == {"value": 1}  # in whatever order its names stand
    path.write_text(path.read_text().replace('"value": 1', '"value": 2'))
    edited = f"{path}: the checksum does not match, so it was damaged or edited. Restore it from a copy."
    assert refused(files.load, folder, "thing") == edited
    for text in ("[]", "3", "{}", '"seqkit"'):
        path.write_text(text)
        assert refused(files.load, folder, "thing") == f"{path}: not a seqkit manifest."
    path.write_text("{")
    assert refused(files.load, folder, "thing").startswith(f"{path}: not valid JSON (")
    assert refused(files.load, tmp_path / "b", "thing") == f"{tmp_path / 'b'}: no such file or folder."
    (tmp_path / "c").mkdir()
    nowhere = f"{tmp_path / 'c'}: no manifest.json there, so seqkit did not write this folder."
    assert refused(files.load, tmp_path / "c", "thing") == nowhere


def test_artefact_of_another_kind_form_or_size_is_refused(folder):
    assert refused(files.load, folder, "corpus") == f"{folder}: holds thing, expected corpus."
    told = refused(files.load, folder, "thing", dict[str, str])
    assert told.startswith(f"{folder / 'manifest.json'}: meta: got 1 as value, expected a text.")
    (path,) = folder.glob("arrays-*")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size + 2000)
    expected = f"expected {size:,} bytes. Copy the folder again."
    assert refused(files.load, folder, "thing") == f"{path}: {size + 2000:,} bytes, {expected}"
    path.unlink()
    assert refused(files.load, folder, "thing") == f"{path}: no file, {expected}"
    path.mkdir()
    assert refused(files.load, folder, "thing") == f"{path}: no file, {expected}"


def test_checksum_of_all_of_a_small_file_is_compared(folder):
    (path,) = folder.glob("arrays-*")
    path.write_bytes(path.read_bytes()[:-1] + b"\x40")
    told = f"{path}: the checksum does not match, so the file is damaged. Restore it from a copy."
    assert refused(files.load, folder, "thing") == told


@pytest.mark.parametrize("below", [0, 1])
def test_file_of_64_mib_or_more_has_checksums_of_blocks_and_is_not_read_when_opened(
    tmp_path, monkeypatch, below
):
    for name in ("VERIFY_BELOW", "READ_AT_ONCE"):
        monkeypatch.setattr(files, name, 8 * 1000)
    monkeypatch.setattr(stored, "BLOCK", 1 << 10)
    array = np.arange(1000.0)  # and its header takes 64 bytes or more
    files.save(tmp_path, "thing", {"x": array}, {})
    size = crafted.manifest(tmp_path)["bytes"]
    monkeypatch.setattr(files, "VERIFY_BELOW", size + below)
    files.save(tmp_path, "thing", {"x": array}, {})
    assert ("blocks" in crafted.manifest(tmp_path)) == (not below)
    assert files.check(files.load(tmp_path, "thing")[0]["x"]) == (not below)
    assert not files.check(files.load(tmp_path, "thing", verify=True)[0]["x"])
    (path,) = tmp_path.glob("arrays-*")
    path.write_bytes(path.read_bytes()[:-1] + b"\x41")
    assert "do" in refused(files.load, tmp_path, "thing")  # an array of 8,000 bytes is read at once
    if not below:
        monkeypatch.setattr(files, "READ_AT_ONCE", 8 * 1000 - 1)
        files.load(tmp_path, "thing")
