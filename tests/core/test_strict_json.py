"""core.strict_json: what is no strict JSON is refused with its reason, and the rest is what json.loads gives."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core import strict_json

NUMBERS = st.integers(-(1 << 63), (1 << 64) - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(TEXTS, parts, max_size=4),
)


@given(VALUES, st.booleans())
def test_what_json_writes_comes_back(value, escaped):
    text = json.dumps(value, ensure_ascii=escaped)
    assert repr(strict_json.parse(text)) == repr(strict_json.parse(text.encode())) == repr(value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, "nested deeper than 100"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested deeper than 100"),
        ("[" * 101 + "]" * 101, "nested deeper than 100"),
        ("[" * 950 + "]" * 950, "nested deeper than 100"),
        ("1" * 5000, "11111111111111111111... has more than 64 bits"),
        (str(1 << 64), "has more than 64 bits"),
        (str(-(1 << 63) - 1), "has more than 64 bits"),
        ("1e400", "1e400 is too large"),
        ("-1e400", "-1e400 is too large"),
        ("[NaN]", "NaN is not JSON"),
        ("[Infinity]", "Infinity is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ('{"a": 1, "b": 2, "a": 3}', "the key 'a' stands twice"),
        ('[{"x": {"": 1, "": 1}}]', "the key '' stands twice"),
        ('"\\ud800"', "surrogates"),
        ('{"\\udfff": 1}', "surrogates"),
        (b'"\xff"', "decode"),
        (b'"\xc0\x80"', "decode"),
        ("", "Expecting value"),
        ("\ufeff1", "Expecting value"),
        ("1 2", "Extra data"),
        ("01", "Extra data"),
        ("1_0", "Extra data"),
        ("\u0663", "Expecting value"),
        ("'a'", "Expecting value"),
        ('"\n"', "control character"),
        ("[1,]", "Expecting value"),
    ],
    ids=lambda each: repr(each)[:24],
)
def test_what_is_no_strict_json_is_refused_with_its_reason(text, reason):
    with pytest.raises(ValueError, match=reason):
        strict_json.parse(text)


def test_what_is_just_allowed_is_read():
    assert strict_json.parse(f"[{(1 << 64) - 1}, {-(1 << 63)}, 1e308, -0.0]") == [
        2**64 - 1,
        -(2**63),
        1e308,
        -0.0,
    ]
    deep = strict_json.parse("[" * 100 + "]" * 100)
    assert json.dumps(deep) == "[" * 100 + "]" * 100
    assert strict_json.parse('"\\ud83d\\ude00"') == "\U0001f600"
