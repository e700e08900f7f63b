"""Laws of every tokenizer: lossless ones give the text back, saved ones are the same, time is linear."""

import bounded
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqkit.core.errors import OptionError
from seqkit.text.tokenizer import Tokenizer, tokenizer, tokenizers
from seqkit.text.tokenizers.subword import MODELS, Subword

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


LONG = """
import sys
from pathlib import Path
from seqkit.text.tokenizer import Tokenizer
made = Tokenizer.load(Path(sys.argv[1]))
for part in ("it's a (nested) 'quote', e.g. 3.14... ", "a", "'", ".", "(", "-", "a.", "1,", "\\u0301", "&"):
    print(len(made.tokens(part * (120_000 // len(part)))))
"""


@pytest.mark.parametrize("name", TRAINED)
def test_law_time_is_linear_in_the_text(name, tmp_path):
    """120,000 characters of one kind: 10^10 steps if their square counts."""
    TRAINED[name].save(tmp_path / "it")
    assert len(bounded.python(LONG, tmp_path / "it", cwd=tmp_path, seconds=100).split()) == 10


def test_white_space_is_ascii_alone():
    assert tokenizer("whitespace").tokens("a\u00a0b c\u2028d\te\x1cf") == ["a\u00a0b", "c\u2028d", "e\x1cf"]
    assert tokenizer("whitespace").tokens("a\x1cb c") == ["a\x1cb", "c"]


def test_untrained_tokenizer_says_so():
    with pytest.raises(OptionError, match="whitespace tokenizer: has no vocabulary yet"):
        tokenizer("whitespace").encode("a")
    with pytest.raises(OptionError, match="subword tokenizer: is not trained"):
        tokenizer("subword").tokens("a")
    with pytest.raises(
        OptionError, match="unknown tokenizer 'wrod'; known: character, subword, whitespace, word.*'word'"
    ):
        tokenizer("wrod")
