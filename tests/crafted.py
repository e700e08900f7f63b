"""Artefacts as someone writes them who can make valid checksums: for tests of what is refused."""

import json
from unittest import mock

from seqkit.core import files
from seqkit.core.files import stored


def save(folder, kind, arrays, meta):
    """As files.save, but nobody looks whether the numbers are finite."""
    with mock.patch.object(stored, "_finite"):
        files.save(folder, kind, arrays, meta)


def manifest(folder):
    """What manifest.json says, without its checksum."""
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del told["checksum"]
    return told


def reseal(folder, told):
    """Write a manifest, whatever it says, with a right checksum."""
    text = json.dumps(told | {"checksum": files._checksum(told)})
    (folder / "manifest.json").write_text(text, encoding="utf-8")
