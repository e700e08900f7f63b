"""numba's `njit` for all kernels, with a cache that can only cost time; functions by their instructions.

What numba keeps in __pycache__ is read by pickle and names the modules it was compiled from: after an
update that moves one, reading it fails; and a change of a function that others inline is not seen. Here the
cache of a kernel is valid only for the very sources of all kernels, and what cannot be read is compiled
again. Where there is no folder to write to, every process compiles.
Not handled: caches of other packages, which stay as numba has them.
"""

import contextlib
import functools
import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba import njit
from numba.core import caching, types
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic

import seqkit

__all__ = ["emitted", "njit"]

KERNELS = Path(seqkit.__file__).parent / "kernels"


def emitted(*arguments: Any, result: Any = types.void) -> Callable[[Callable[..., Any]], Any]:
    """A function for compiled code, of these numba types, from one that emits its instructions.

    That one takes LLVM's builder and the arguments, and returns the result's value, if there is one.
    """
    names = [inspect.Parameter(f"_{n}", inspect.Parameter.POSITIONAL_ONLY) for n in range(len(arguments) + 1)]

    def wrap(emit: Callable[..., Any]) -> Any:
        def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
            value = emit(b, *args)
            return context.get_dummy_value() if value is None else value

        @functools.wraps(emit)
        def typed(typing: Any, *args: Any) -> Any:
            return result(*arguments), generate

        typed.__signature__ = inspect.Signature(names)  # type: ignore[attr-defined]  # numba counts by it
        return intrinsic(typed)

    return wrap


def _version() -> str:
    """numba's version, and a hash of what the kernels are compiled from."""
    sources = [*sorted(KERNELS.rglob("*.py")), KERNELS.parent / "core" / "rng.py"]
    found = [
        f"{path.relative_to(KERNELS.parent)} {path.stat().st_mtime_ns} {path.stat().st_size}"
        for path in sources
    ]
    return f"{numba.__version__} {hashlib.sha256(chr(10).join(found).encode()).hexdigest()}"


class _Index(caching.IndexDataCacheFile):  # type: ignore[misc]  # numba has no types
    """The cache files of one function."""

    def __init__(self, cache_path: str, filename_base: str, source_stamp: Any) -> None:
        super().__init__(cache_path=cache_path, filename_base=filename_base, source_stamp=source_stamp)
        if Path(cache_path).is_relative_to(KERNELS):
            self._version = VERSION

    def _load_index(self) -> Any:
        try:
            return super()._load_index()
        except Exception:  # whatever is wrong with the file
            return {}

    def _load_data(self, name: str) -> Any:
        try:
            return super()._load_data(name)
        except Exception:
            return None

    def save(self, key: Any, data: Any) -> None:
        """Keep a compiled function, if that can be: a full disk only means compiling again."""
        with contextlib.suppress(Exception):
            super().save(key, data)


def _enable_caching(dispatcher: Any) -> None:
    try:
        _ENABLE(dispatcher)
    except RuntimeError:  # no folder to write to
        if not Path(dispatcher.py_func.__code__.co_filename).is_relative_to(KERNELS):
            raise


VERSION = _version()
_ENABLE = Dispatcher.enable_caching
Dispatcher.enable_caching = _enable_caching  # type: ignore[assignment, method-assign]  # the same call
caching.IndexDataCacheFile = _Index
