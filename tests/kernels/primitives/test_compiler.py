"""The cache of compiled kernels: a stale or damaged file costs a compilation, never the run."""

import pickle

import numba
import pytest

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


def test_kernel_without_a_folder_to_write_to_is_compiled_all_the_same(monkeypatch):
    from seqkit.kernels.primitives.compiler import cpu

    def refuse(_):
        raise RuntimeError("no locator available")

    monkeypatch.setattr(cpu, "_ENABLE", refuse)
    scope = {"njit": cpu.njit}
    source = "@njit(cache=True)\ndef twice(x):\n    return 2 * x\n"
    exec(compile(source, str(cpu.KERNELS / "x.py"), "exec"), scope)
    assert scope["twice"](4) == 8
    with pytest.raises(RuntimeError, match="locator"):
        exec(compile(source, "/elsewhere/x.py", "exec"), scope)
