"""Checks the shape annotations of all public functions while the tests run.

`Annotated[Array, "N D"]` on an argument or the result: the array has two axes, and within one call N is one number.
"V + 1"-like sizes are not written; a letter with a factor ("3H") is checked against the letter.
"""

import functools
import importlib
import inspect
import pkgutil
import re
import sys
import types
import typing

import numpy as np


class ShapeMismatchError(AssertionError):
    pass


def _specs(hint):
    if typing.get_origin(hint) is typing.Annotated:
        texts = [
            m for m in hint.__metadata__ if isinstance(m, str) and re.fullmatch(r"(\d*[A-Z])( \d*[A-Z])*", m)
        ]
        return texts[0].split() if texts else None
    return None


def _bind(name, spec, value, sizes):
    if not isinstance(value, np.ndarray):
        return
    if value.ndim != len(spec):
        raise ShapeMismatchError(
            f"{name}: {' '.join(spec)} was promised, an array of shape {value.shape} came"
        )
    for axis, size in zip(spec, value.shape, strict=True):
        factor, letter = int(axis[:-1] or 1), axis[-1]
        if sizes.setdefault(letter, size // factor) * factor != size:
            raise ShapeMismatchError(f"{name}: axis {axis} of shape {value.shape} against {sizes}")


def checked(function):
    """The function with its shape annotations checked, or itself if it has none."""
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except NameError:
        return function
    specs = {name: spec for name, hint in hints.items() if (spec := _specs(hint))}
    parts = (
        [_specs(part) for part in typing.get_args(hints.get("return"))]
        if typing.get_origin(hints.get("return")) is tuple
        else []
    )
    if not specs and not any(parts):
        return function
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        sizes = {}
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            if name in specs:
                _bind(f"{function.__qualname__}({name})", specs[name], value, sizes)
        result = function(*args, **kwargs)
        if "return" in specs:
            _bind(f"{function.__qualname__} -> result", specs["return"], result, sizes)
        for spec, value in zip(parts, result if parts else (), strict=False):
            if spec:
                _bind(f"{function.__qualname__} -> result", spec, value, sizes)
        return result

    return wrapper


@functools.cache
def install():
    """Once in a process: wrap every public function and method of seqkit, wherever a module holds it."""
    import seqkit

    for module in pkgutil.walk_packages(seqkit.__path__, "seqkit."):
        if ".cli" not in module.name and not module.name.endswith((".gpu", "encoder")):
            importlib.import_module(module.name)
    modules = [m for name, m in list(sys.modules.items()) if name.startswith("seqkit")]
    swaps = {}
    for module in modules:
        for name, thing in list(vars(module).items()):
            if (
                isinstance(thing, types.FunctionType)
                and not name.startswith("_")
                and thing.__module__ == module.__name__
            ):
                swaps[thing] = checked(thing)
            elif isinstance(thing, type) and thing.__module__ == module.__name__:
                for method, function in list(vars(thing).items()):
                    if isinstance(function, types.FunctionType) and not method.startswith("_"):
                        setattr(thing, method, checked(function))
    for module in modules:
        for name, thing in list(vars(module).items()):
            if isinstance(thing, types.FunctionType) and swaps.get(thing, thing) is not thing:
                setattr(module, name, swaps[thing])
    return sum(new is not old for old, new in swaps.items())
