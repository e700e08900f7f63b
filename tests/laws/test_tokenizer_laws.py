"""Laws of every tokenizer: lossless ones give the text back, tokens stand in it, saved ones are the same."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core.errors import OptionError
from seqkit.text.tokenizer import Tokenizer, tokenizer, tokenizers
from seqkit.text.tokenizers.subword import MODELS, Subword

INVISIBLE = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\ufeff"
TEXTS = ["the cat sat on the mat", "a dog isn't a cat, is it?", "Naïve café 42"] * 10
TRAINED = {name: tokenizers.load(name).train(TEXTS) for name in tokenizers.names() if name != "subword"}
TRAINED |= {model: Subword.train(TEXTS, vocab_size=400, model=model, min_count=1) for model in MODELS}


@pytest.mark.parametrize("name", [name for name, made in TRAINED.items() if made.lossless])
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_law_lossless_decode_gives_the_text_back(name, text):
    made = TRAINED[name]
    assert made.join(made.tokens(text)) == text
    if made.vocab.unk is None:
        assert made.decode(made.encode(text)) == text


ANY = st.text(st.characters(exclude_categories=["Cs"]))
MIXED = st.lists(
    st.sampled_from(
        [
            *"aBé我.,'’\"“-/@#:)(!?1",
            " ",
            "\n",
            "\u00a0",
            "n't",
            "U.S.",
            "Dr.",
            "``",
            "''",
            "\u0301",
            "👍",
            "cannot",
        ]
    )
).map("".join)


@pytest.mark.parametrize("name", TRAINED)
@given(text=ANY | MIXED)
def test_law_spans_of_tokens_stand_in_the_text_in_order_and_leave_out_white_space_alone(name, text):
    made = TRAINED[name]
    tokens, spans = made.tokens(text), made.spans(text)
    assert len(spans) == len(tokens)
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    covered = {i for start, end in spans for i in range(start, end)}
    assert all(text[i].isspace() or text[i] in INVISIBLE for i in range(len(text)) if i not in covered)


@pytest.mark.parametrize("name", ["character", "whitespace", "word"])
@given(text=ANY | MIXED)
def test_law_tokens_are_the_characters_of_their_spans(name, text):
    made = TRAINED[name]
    assert [text[start:end] for start, end in made.spans(text)] == made.tokens(text)


@given(text=ANY | MIXED)
def test_tokens_of_the_treebank_rule_are_those_characters_but_for_double_quotes(text):
    made = TRAINED["treebank"]
    for (start, end), token in zip(made.spans(text), made.tokens(text), strict=True):
        assert text[start:end] == token or {text[start:end], token} <= {'"', "``", "''"}


def test_spans_of_subwords_are_their_characters():
    for name in MODELS:
        made, text = TRAINED[name], "the naïve cat"
        pairs = zip(made.tokens(text), made.spans(text), strict=True)
        marked = [(token.strip("Ġ▁").removeprefix("##"), text[a:b].strip()) for token, (a, b) in pairs]
        plain = [
            (token, stands) for token, stands in marked if token.isascii() and token not in ("", "<unk>")
        ]
        assert plain and all(token == stands for token, stands in plain)


@given(st.data(), ANY | MIXED)
def test_law_tokens_of_words_do_not_depend_on_where_the_text_is_cut_between_them(data, text):
    made = TRAINED["word"]
    spaces = [i for i, letter in enumerate(text, 1) if letter.isspace()]
    cuts = sorted(data.draw(st.sets(st.sampled_from(spaces)))) if spaces else []
    parts = [text[a:b] for a, b in pairwise([0, *cuts, len(text)])]
    assert [token for part in parts for token in made.tokens(part)] == made.tokens(text)


def test_byte_bpe_and_character_are_lossless_and_only_they():
    assert {name for name, made in TRAINED.items() if made.lossless} == {"byte-bpe", "character"}


@pytest.mark.parametrize("name", TRAINED)
def test_law_training_text_comes_back_from_its_ids(name):
    made = TRAINED[name]
    assert made.decode(made.encode("the cat sat")).strip() == "the cat sat"


@pytest.mark.parametrize("name", TRAINED)
def test_law_saved_and_loaded_is_the_same(name, tmp_path):
    made = TRAINED[name]
    made.save(tmp_path / "t")
    again = Tokenizer.load(tmp_path / "t")
    for text in [*TEXTS[:3], "unseen ünseen 7"]:
        assert again.encode(text).tolist() == made.encode(text).tolist()
        assert again.tokens(text) == made.tokens(text)
    assert again.vocab.tokens == made.vocab.tokens


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("text", ["", " ", "\n", "a" * 3000, "'" * 3000, "." * 3000, "\u00a0\u2028"])
def test_law_odd_texts_are_cut_without_loss_of_temper(name, text):
    made = TRAINED[name]
    assert isinstance(made.decode(made.encode(text)), str)


@pytest.mark.parametrize("name", TRAINED)
def test_law_a_long_text_is_cut(name):
    n = 5_000  # 190 kB: in time by the square of its length it would not end
    assert len(TRAINED[name].tokens("it's a (nested) 'quote', e.g. 3.14... " * n)) >= 6 * n


def test_white_space_is_ascii_alone():
    assert tokenizer("whitespace").tokens("a\u00a0b c\u2028d\te\x1cf") == ["a\u00a0b", "c\u2028d", "e\x1cf"]
    assert tokenizer("whitespace").tokens("a\x1cb c") == ["a\x1cb", "c"]


def test_untrained_tokenizer_says_so():
    with pytest.raises(OptionError, match="whitespace tokenizer: has no vocabulary yet"):
        tokenizer("whitespace").encode("a")
    with pytest.raises(OptionError, match="subword tokenizer: is not trained"):
        tokenizer("subword").tokens("a")
    with pytest.raises(
        OptionError,
        match="unknown tokenizer 'wrod'; known: character, subword, treebank, whitespace, word.*'word'",
    ):
        tokenizer("wrod")
