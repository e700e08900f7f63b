"""Tag schemes: one decoder; converting loses no span; constraints allow just what is well-formed."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core.errors import FormatError, OptionError
from seqkit.text.bioes import SCHEMES, Span, allowed, convert, detect, spans, write

TAGS = ["O", *(f"{prefix}-{kind}" for prefix in "BIES" for kind in ("PER", "LOC"))]


@st.composite
def spaced(draw):
    """(spans, length of the sentence)."""
    found, at = [], 0
    for _ in range(draw(st.integers(0, 5))):
        start = at + draw(st.integers(0, 2))
        at = start + draw(st.integers(1, 3))
        found.append(Span(draw(st.sampled_from(["PER", "LOC"])), start, at))
    return found, at + draw(st.integers(0, 2))


@given(spaced(), st.sampled_from(list(SCHEMES)), st.sampled_from(list(SCHEMES)))
def test_writing_and_reading_give_the_same_spans_in_every_scheme(case, first, second):
    found, length = case
    tags = write(found, length, first)
    assert spans(tags) == found
    assert convert(convert(tags, second), first) == tags


@given(spaced(), st.sampled_from(list(SCHEMES)))
def test_well_formed_tags_are_allowed(case, scheme):
    tags = write(*case, scheme)
    labels = sorted(set(TAGS))
    start, pairs, stop = allowed(labels, scheme)
    path = [labels.index(tag) for tag in tags]
    assert not path or (start[path[0]] and stop[path[-1]])
    assert all(pairs[a, b] for a, b in itertools.pairwise(path))


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_allowed_paths_are_those_that_converting_leaves_as_they_are(scheme):
    labels = [tag for tag in TAGS if tag[0] in "O" + SCHEMES[scheme]]
    start, pairs, stop = allowed(labels, scheme)
    for path in itertools.product(range(len(labels)), repeat=3):
        tags = [labels[i] for i in path]
        good = bool(
            start[path[0]] and stop[path[-1]] and all(pairs[a, b] for a, b in itertools.pairwise(path))
        )
        assert good == (convert(tags, scheme) == tags), tags


@pytest.mark.parametrize(
    ("rows", "scheme"),
    [
        ([["I-PER", "I-PER", "B-PER", "O"]], "iob1"),
        ([["I-PER", "O"]], "iob1"),
        ([["B-PER", "I-PER", "O"]], "bio"),
        ([["B", "I", "O"]], "bio"),
        ([["B-PER", "E-PER"]], "bioes"),
        ([["S-PER"]], "bioes"),
        ([["O", "O"]], None),
        ([["NOUN", "VERB"]], None),
        ([["B-PER"], ["I-LOC"]], "bio"),
        ([["I-PER"], ["B-LOC"], ["I-LOC"]], "iob1"),
        ([], None),
    ],
    ids=str,
)
def test_schemes_are_told_from_their_tags(rows, scheme):
    assert detect(rows) == scheme


def test_what_is_no_tag_or_scheme_is_refused():
    with pytest.raises(FormatError, match="got 'NOUN', expected O, B-TYPE"):
        spans(["O", "NOUN"])
    with pytest.raises(FormatError, match="got 'B-', expected"):
        spans(["B-"])
    with pytest.raises(OptionError, match="got 'bilou', expected one of iob1, bio, bioes"):
        convert(["O"], "bilou")


def test_error_names_the_tag_that_is_none():
    for wrong in (lambda: spans(["O", "NOUN"]), lambda: detect([["O", "B-X"], ["O", "NOUN"]])):
        with pytest.raises(FormatError) as caught:
            wrong()
        assert (caught.value.kind, caught.value.value) == ("tag", "NOUN")
