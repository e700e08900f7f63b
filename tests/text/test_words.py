"""The word tokenizer: golden tokens by kind and language, bounded memory, linear time, the usual spacing."""

from collections import Counter
from pathlib import Path

import pytest

import seqkit as sk
from seqkit.core.errors import FormatError, OptionError
from seqkit.text import tokenizer as of_tokenizers
from seqkit.text.readers import text as reader
from seqkit.text.tokenizer import Tokenizer, from_json, tokenizer
from seqkit.text.tokenizers import word as words
from seqkit.text.tokenizers._word_rules import _TOKEN, cut

GOLDEN = Path(__file__).parents[1] / "fixtures" / "words.tsv"
CASES = [line.split("\t") for line in GOLDEN.read_text(encoding="utf-8").split("\n")[1:] if line]
LANGUAGES = {kind for kind, _, _ in CASES if kind[0].isupper()}
UNITS = (
    "a a. a.b aa. a@ a- 's n't l' d'a http:// http://( www.(a ( :) .. .a 1 1, 1. 1- -1 5p a/b/ / C:\\ ~/ #a @ $ "
    "!? < </3 = \u0301 👍\u200d 🇫 * a* & &a · l·l 我 我a _ ' \" … a’ 1'000 \u200b &amp; (: a.com a.com/ x@y. "
    "C++ 5am .0 -.1 -> ¯\\_(ツ)_/¯"
)


@pytest.mark.parametrize(("kind", "text", "tokens"), CASES)
def test_golden_tokens(kind, text, tokens):
    assert tokenizer("word").tokens(text) == tokens.split(" ")


def test_golden_tokens_are_many_and_of_many_languages():
    assert len(CASES) >= 200
    assert len(LANGUAGES) >= 8
    assert min(Counter(kind for kind, _, _ in CASES).values()) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "The \"film\" isn't (very) good, is it? No: it's 50% worse; I cannot go.",
        "“Well,” he said, ‘no’. The dogs' tails…",
        "Dr. Smith paid $5.00 and 3 € for A/B tests :)",
        "l'homme qu'il aime; ¿Qué tal? ¡Hola! «Oui». „Ja“, sagte er.",
        "我爱你。今天10点，“好”。",
    ],
)
def test_usual_text_comes_back_from_its_tokens(text):
    made = tokenizer("word")
    assert made.join(made.tokens(text)) == text


def test_most_golden_texts_come_back_from_their_tokens():
    made = tokenizer("word")
    same = [made.join(tokens.split(" ")) == " ".join(text.split()) for _, text, tokens in CASES]
    assert sum(same) / len(same) > 0.8


def test_an_invisible_character_parts_an_abbreviation_from_a_stop():
    text = "Dr\u200b. d\u200b'x \ufeff"
    made = tokenizer("word")
    assert [text[start:end] for start, end in made.spans(text)] == made.tokens(text)
    assert made.tokens(text) == ["Dr", ".", "d", "'", "x"]


def test_quick_way_for_plain_words_gives_what_the_pattern_gives():
    assert tokenizer("word").tokens("a Cannot GONNA cannOt é") == [
        "a",
        "Can",
        "not",
        "GON",
        "NA",
        "cannOt",
        "é",
    ]
    for word in ("word", "Dr", "etc", "I", "A", "no", "cannot", "Gonna", "al", "Al", "isn"):
        for mark in ("", ",", "."):
            slow = [match[0] for match in _TOKEN.finditer(word + mark + "'")][:-1]
            assert cut(word + mark) in (slow, [word + mark], [word[:3], word[3:], *mark])
            assert "".join(cut(word + mark)) == word + mark


@pytest.mark.parametrize("unit", UNITS.split())
def test_hostile_words_take_linear_time_and_lose_nothing(unit):
    text = unit * (60_000 // len(unit))  # by the square of its length it would take minutes
    assert "".join(cut(text)) == text.replace("\u200b", "")


def test_memory_of_chunks_is_bounded_whatever_the_text(monkeypatch):
    monkeypatch.setattr(words, "_MOST", 100)
    chunks = words._Chunks()
    for i in range(1000):
        assert chunks[f"w{i}."] == (f"w{i}", ".")
    assert chunks["x" * 1000] == ("x" * 1000,)
    assert chunks["?a" * 9] == ("?", "a") * 9
    assert len(chunks) <= 100 and len(chunks.before) <= 100
    assert "x" * 1000 not in chunks and "?a" * 9 not in chunks


def test_the_film_of_the_issue_has_one_spelling_wherever_the_reader_cuts(tmp_path):
    (tmp_path / "t.txt").write_text("the film. " * 150_000)
    corpus = sk.Corpus.build(tmp_path / "t.txt", "word", threads=1)
    counts = dict(zip(corpus.vocab.tokens, corpus.vocab.counts.tolist(), strict=True))
    assert counts == {"the": 150_000, "film": 150_000, ".": 150_000, "<unk>": 0}


@pytest.mark.parametrize("size", [1 << 20, 40, 61, 97])
def test_tokens_of_a_file_do_not_depend_on_where_the_reader_cuts_it(tmp_path, monkeypatch, size):
    monkeypatch.setattr(reader, "PIECE", size)
    lines = [text for _, text, _ in CASES if len(max(text.split(), key=len).encode()) < 40]
    (tmp_path / "t.txt").write_text("\n".join(lines), encoding="utf-8")
    corpus = sk.Corpus.build(tmp_path / "t.txt", "word", threads=1)
    found = [corpus.vocab.tokens[i] for i in corpus.ids]
    expected = [token for line in lines for token in tokenizer("word").tokens(line)]
    assert [token for token in found if token != "<unk>"] == [t for t in expected if t != "<unk>"]


def test_settings_tell_the_version_and_none_means_the_rule_before():
    assert from_json({"name": "word", "version": 2}).tokens('a "b. c')[-3:] == ["b", ".", "c"]
    assert from_json({"name": "word"}).tokens('a "b. c') == ["a", "``", "b.", "c"]
    for name in ("word", "treebank", "whitespace", "character"):
        assert from_json(tokenizer(name).settings()).name == name
    with pytest.raises(OptionError, match="tokenizer word: got version 3 of its rule, expected 2"):
        from_json({"name": "word", "version": 3})


def test_saved_tokenizer_keeps_its_rule(tmp_path):
    for name in ("word", "treebank"):
        tokenizer(name).train(['He said "no. Never"']).save(tmp_path / name)
        assert Tokenizer.load(tmp_path / name).name == name
    assert of_tokenizers.choose(str(tmp_path / "treebank")).tokens("a. b") == ["a.", "b"]


def test_corpus_of_the_rule_before_stays_so_for_the_command_that_made_it(tmp_path):
    (tmp_path / "t.txt").write_text("The film was slow. I left.\n")
    old = sk.Corpus.build(tmp_path / "t.txt", "treebank", threads=1, out=tmp_path / "c")
    assert old.meta["tokenizer"] == {"name": "word"}
    again = sk.Corpus.build(tmp_path / "t.txt", "word", threads=1, out=tmp_path / "c")
    assert again.fingerprint == old.fingerprint and "slow." in again.vocab.index
    new = sk.Corpus.build(tmp_path / "t.txt", "word", threads=1, out=tmp_path / "d")
    assert new.meta["tokenizer"] == {"name": "word", "version": 2} and "slow." not in new.vocab.index
    (tmp_path / "t.txt").write_text("Another text. Here.\n")
    assert "text" in sk.Corpus.build(tmp_path / "t.txt", "word", threads=1, out=tmp_path / "c").vocab.index


def test_vectors_know_a_word_in_plain_quotes():
    vocab = sk.Vocab(["n't", "``", "’s"], [1, 1, 1], {})
    assert [vocab.find(token) for token in ("n't", "n’t", '"', "“", "’s", "'s", "x")] == [
        0,
        0,
        1,
        1,
        2,
        -1,
        -1,
    ]


@pytest.mark.parametrize("unit", ["character", "subword:byte-bpe"])
def test_text_without_spaces_is_cut_between_letters(tmp_path, monkeypatch, unit):
    monkeypatch.setattr(reader, "PIECE", 100)
    text = "你好，世界e\u0301。" * 200
    (tmp_path / "zh.txt").write_text(text, encoding="utf-8")
    pieces = list(sk.read(tmp_path / "zh.txt", whole_words=False))
    assert "".join(pieces) == text and len(pieces) > 20
    assert not any(piece.startswith("\u0301") for piece in pieces)
    corpus = sk.Corpus.build(tmp_path / "zh.txt", unit, max_size=300, threads=1)
    found = "".join(corpus.vocab.tokens[i] for i in corpus.ids)
    assert found == text or unit != "character"


@pytest.mark.parametrize("unit", ["word", "whitespace", "subword:bpe"])
def test_a_word_of_a_megabyte_is_refused_for_units_of_words(tmp_path, monkeypatch, unit):
    monkeypatch.setattr(reader, "PIECE", 100)
    (tmp_path / "zh.txt").write_text("你好" * 200, encoding="utf-8")
    with pytest.raises(FormatError, match="holds a word of more than 100 bytes.*take characters as tokens"):
        sk.Corpus.build(tmp_path / "zh.txt", unit, max_size=300, threads=1)
