"""The table of cases, and how whatever a case gives becomes one hash.

Not handled: running cases and comparing tables (benchmarks.fixed_seed), the cases (the other files here).
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

VARYING = {
    "seconds",
    "ms",
    "ms_batched",
    "versions",
    "device",
    "threads",
}  # what differs from run to run, or by machine
Results = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A function that gives results by name, run in an empty folder.  real: of the folder of real data."""

    name: str
    run: Callable[..., Results]
    real: bool


CASES: dict[str, Case] = {}


def case(run: Callable[..., Results]) -> Callable[..., Results]:
    """Put a function without arguments into the table, as file/function."""
    return _put(run, real=False)


def real_case(run: Callable[..., Results]) -> Callable[..., Results]:
    """The same for a function of the folder of real data."""
    return _put(run, real=True)


def _put(run: Callable[..., Results], *, real: bool) -> Callable[..., Results]:
    name = f"{run.__module__.rpartition('.')[2].removesuffix('_cases')}/{run.__name__.replace('_', '-')}"
    assert name not in CASES, name
    CASES[name] = Case(name, run, real)
    return run


def digest(value: Any) -> str:
    """The sha256 of a value: of arrays dtype, shape and bytes, of all else JSON with sorted keys."""
    return hashlib.sha256(json.dumps(plain(value), sort_keys=True).encode()).hexdigest()


def plain(value: Any) -> Any:
    """JSON values for a value, without what varies; arrays and files as their hashes."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, np.ndarray):
        whole = hashlib.sha256(np.ascontiguousarray(value).tobytes())
        return [str(value.dtype), list(value.shape), whole.hexdigest()]
    if isinstance(value, Path):
        return hashlib.sha256(value.read_bytes()).hexdigest()
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items() if key not in VARYING}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else plain(_parts(value))


def _parts(value: Any) -> Any:
    """What an object of seqkit or a number of NumPy is made of."""
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "starts"):  # Corpus
        return [value.ids, value.starts, value.vocab]
    if hasattr(value, "matrix"):  # Vectors; those of subwords have a table too
        return [value.vocab.tokens, value.vocab.counts, value.matrix, getattr(value, "table", None)]
    if hasattr(value, "specials"):  # Vocab
        return [value.tokens, value.counts, value.specials]
    return value.to_json() if hasattr(value, "to_json") else dataclasses.asdict(value)


@dataclass(frozen=True)
class Stored:
    """An artefact on disk: its arrays by name are a result, its settings are told apart (`settings_of`)."""

    kind: str
    arrays: dict[str, Any]
    meta: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """What is hashed with the result that holds it."""
        return {"kind": self.kind, "arrays": self.arrays}


def stored(folder: str) -> Stored:
    """What was written to `folder`."""
    manifest = json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))
    return Stored(manifest["kind"], load_file(Path(folder) / manifest["arrays"]), manifest["meta"])


def saved(made: Any, folder: str = "saved") -> Stored:
    """What `made.save` writes."""
    made.save(folder)
    return stored(folder)


def settings_of(value: Any) -> list[dict[str, Any]]:
    """The settings of all artefacts within a result."""
    if isinstance(value, Stored):
        return [value.meta]
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [meta for part in parts for meta in settings_of(part)]
