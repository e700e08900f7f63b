"""Artefacts of every kind, and what someone who makes valid checksums may change in them.

Not handled: how they are opened and used (test_hostile_laws).
"""

import copy

import numpy as np

FREE = (
    ("report",),
    ("signature",),
)  # told to people, or compared with what the run has; no form of their own
OTHERS = (None, True, 3, -1, 10**400, 1e300, "\ud800", "x", [], [3], {}, {"x": []})


def places(value, at=()):
    """The ways to all parts of JSON, the whole among them; of long lists the first two."""
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for number, (name, part) in enumerate(items):
        if number < 2 or isinstance(value, dict):
            yield from places(part, (*at, name))


def part(value, at):
    """One of the parts of JSON."""
    for name in at:
        value = value[name]
    return value


def without(value, at):
    """The JSON without one of its parts."""
    whole = part = copy.deepcopy(value)
    for name in at[:-1]:
        part = part[name]
    del part[at[-1]]
    return whole


def put(value, at, new):
    """The JSON with another part."""
    if not at:
        return new
    whole = part = copy.deepcopy(value)
    for name in at[:-1]:
        part = part[name]
    part[at[-1]] = new
    return whole


def told(meta):
    """What may be said instead of the settings: (name, settings)."""
    for at in places(meta):
        if at[:1] in FREE and len(at) > 1:
            continue
        name = ".".join(map(str, at)) or "all"
        for new in OTHERS:
            yield f"{name}={new!r:.12}", put(meta, at, new)
        if at:
            yield f"{name} missing", without(meta, at)


def arrays(name, array):
    """What may stand instead of an array: (name, array), or None for none."""
    yield f"{name} missing", None
    for dtype in (np.int32, np.int64, np.uint8, np.float32, np.float64, np.float16, np.bool_):
        if array.dtype != dtype:
            yield f"{name} {np.dtype(dtype).name}", array.astype(dtype)
    yield f"{name} deeper", array[None]
    if array.ndim:
        yield f"{name} short", array[:-1]
        yield f"{name} long", np.concatenate([array, array[-1:]])
        yield f"{name} empty", array[:0]
    yield f"{name} flat", array.reshape(-1) if array.ndim > 1 else np.stack([array, array])
    numbers = (
        [np.nan, np.inf, -np.inf] if array.dtype.kind == "f" else [-1, 127, 2_000_000_000, 2**62, -(2**62)]
    )
    for place in (0, array.size // 2, -1):
        for new in numbers if array.size else ():
            if array.dtype.kind == "f" or np.iinfo(array.dtype).min <= new <= np.iinfo(array.dtype).max:
                other = array.copy()
                other.reshape(-1)[place] = new
                yield f"{name}[{place}]={new}", other
    if array.ndim and len(array) > 1:
        yield f"{name} reversed", array[::-1].copy()
