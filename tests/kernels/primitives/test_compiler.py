"""The cache of compiled kernels: a stale or damaged file costs a compilation, never the run."""

import pickle

import numba

from seqkit.kernels.primitives.compiler import cpu

STAMP = (1.0, 2)


def cache(folder):
    return cpu._Index(str(folder), "f-1.py311", STAMP)


def test_saved_entry_is_found_again_and_damaged_files_are_no_entries(tmp_path):
    cache(tmp_path).save("key", "compiled")
    assert cache(tmp_path).load("key") == "compiled"
    for data in tmp_path.glob("*.nbc"):
        data.write_bytes(b"damaged")
    assert cache(tmp_path).load("key") is None
    for index in tmp_path.glob("*.nbi"):
        index.write_bytes(b"damaged")
    assert cache(tmp_path).load("key") is None


def test_index_that_names_a_module_that_is_gone_is_empty(tmp_path):
    stale = b"cseqkit.kernels.gone\nplan\n."  # what pickle writes for a global of that module
    (tmp_path / "f-1.py311.nbi").write_bytes(pickle.dumps(numba.__version__) + stale)
    assert cache(tmp_path)._load_index() == {}


def test_kernels_are_compiled_anew_when_any_of_their_sources_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(cpu, "KERNELS", tmp_path)
    cache(tmp_path).save("key", "compiled")
    assert cache(tmp_path).load("key") == "compiled"
    monkeypatch.setattr(cpu, "VERSION", "of other sources")
    assert cache(tmp_path).load("key") is None
