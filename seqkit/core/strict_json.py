"""JSON from outside: UTF-8, no key twice, finite numbers of 64 bits, no halves of characters, not deep.

All JSON is parsed here. Not handled: what it must hold (schema), a file's name and size (files.read_json).
"""

import json
import math
import re
from typing import Any

DEPTH = 100  # lists and objects within one another
_HALVES = re.compile(r"\\u[dD][89a-fA-F]")  # escapes of half a character


def parse(text: str | bytes) -> Any:  # Any: what JSON holds
    """The value of a JSON text.

    Raises:  ValueError that says what is wrong with it.

    >>> parse('{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}
    >>> parse('{"a": 1, "a": NaN}')
    Traceback (most recent call last):
    ValueError: NaN is not JSON
    """
    text = text if isinstance(text, str) else text.decode()
    try:
        value = _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError(f"it is nested deeper than {DEPTH}") from error
    if text.count("[") + text.count("{") > DEPTH:
        _check_depth(value)
    if _HALVES.search(text):
        json.dumps(value, ensure_ascii=False).encode()  # raises for half a character alone
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEPTH):
        if not (level := [part for whole in level for part in _parts(whole)]):
            return
    raise ValueError(f"it is nested deeper than {DEPTH}")


def _parts(value: Any) -> Any:
    """The lists and objects in a list or an object."""
    parts = value.values() if isinstance(value, dict) else value
    return [part for part in parts if isinstance(part, dict | list)] if isinstance(value, dict | list) else ()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} stands twice")
    return found


def _int(text: str) -> int:
    if len(text) > 20 or not -(1 << 63) <= (value := int(text)) < 1 << 64:
        raise ValueError(f"{text[:20]}... has more than 64 bits")
    return value


def _float(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text[:20]} is too large a number")
    return value


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_int, parse_float=_float
)
