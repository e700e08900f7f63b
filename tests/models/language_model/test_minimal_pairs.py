"""Minimal pairs: files in every form, accuracy with counts, a baseline that is right on what it counted."""

import gzip
import json
import math

import pytest

import seqkit as sk
from seqkit.core.errors import FormatError, OptionError
from seqkit.models.language_model.minimal_pairs import Pair, accuracy, compare, measure, read_pairs
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.ngram_lm import NGram

TEXT = ["the cat sleeps", "the cats sleep", "a cat sleeps", "many cats sleep"] * 10


def test_pairs_are_read_from_tables_and_json_lines(tmp_path):
    (tmp_path / "a.tsv").write_text("correct\twrong\tx\nyes\tno\t1\n")
    assert read_pairs(tmp_path / "a.tsv") == [Pair("yes", "no")]
    with gzip.open(tmp_path / "b.jsonl.gz", "wt") as file:
        file.write(json.dumps({"sentence_good": "g", "sentence_bad": "b", "UID": "u"}) + "\n")
    assert read_pairs(tmp_path / "b.jsonl.gz", group="UID") == [Pair("g", "b", "u")]
    (tmp_path / "c.tsv").write_text("left\tother\nyes\tno\n")
    assert read_pairs(tmp_path / "c.tsv", good="left", bad="other") == [Pair("yes", "no")]
    with pytest.raises(OptionError, match="got columns left, other, expected"):
        read_pairs(tmp_path / "c.tsv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "got no pair of sentences"),
        ("correct\twrong\n", "no pair"),
        ("correct\twrong\na\n", "line 2 has 1 column, expected 2 .correct, wrong."),
        ("correct\twrong\na\t \n", "line 2 has no text in 'correct' or 'wrong'"),
        ('{"good": "a"\n', "line 1 is not JSON"),
        ('{"good": "a", "bad": 3}\n', "line 1: 'bad' is 3, expected a text"),
        ("[1]\n", "no pair"),
    ],
)
def test_bad_files_of_pairs_are_refused_with_their_line(tmp_path, text, message):
    (tmp_path / "x").write_text(text)
    with pytest.raises(FormatError, match=message):
        read_pairs(tmp_path / "x")


def test_accuracy_counts_ties_as_wrong_and_unknown_as_missing_if_asked():
    scores = {"a": (-1.0, 0), "b": (-2.0, 0), "u": (-3.0, 1)}
    pairs = [Pair("a", "b"), Pair("b", "a"), Pair("a", "a"), Pair("a", "u")]
    made = compare(lambda texts: [scores[t] for t in texts], pairs)
    whole, kept = accuracy("x", made), accuracy("x", made, skip_unknown=True)
    assert (whole.value, whole.count, whole.missing, whole.signature["ties"]) == (0.5, 4, 0, 1)
    assert (kept.value, kept.count, kept.missing) == (pytest.approx(1 / 3), 3, 1)
    assert math.isnan(accuracy("x", []).value)


def test_ngram_scores_are_counts_by_hand():
    corpus = sk.Corpus.build(["a b", "a c", "a b"], add_eos=True)
    ngram = NGram(corpus, order=2)
    ((found, unknown),) = ngram.scores(["a b"])
    assert found == pytest.approx(math.log(3 / 3) + math.log(2 / 3) + math.log(2 / 2))
    assert unknown == 0
    ((backed, unknown),) = ngram.scores(["c z"])
    expected = math.log(0.4 * 1 / 9) + math.log(0.4 * 0.5 / 9) + math.log(0.4 * 3 / 9)
    assert (backed, unknown) == (pytest.approx(expected), 1)


def test_a_trained_model_and_its_baseline_are_measured_side_by_side(tmp_path):
    (tmp_path / "pairs.tsv").write_text(
        "correct\twrong\nthe cat sleeps\tthe cat sleep\nmany cats sleep\tmany cats sleeps\n"
    )
    (tmp_path / "text").write_text("\n".join(TEXT))
    model = LanguageModel(hidden_size=16, num_layers=1, epochs=15, batch=4, bptt=6, lr=0.02).fit(
        sk.Corpus.build(tmp_path / "text", add_eos=True)
    )
    own, trigram = measure(model, [tmp_path / "pairs.tsv"], baseline=str(tmp_path / "text"))
    assert (own.value, trigram.value) == (1.0, 1.0)
    assert (own.signature["model"], trigram.signature["model"]) == ("model", "3-gram")
    (tmp_path / "raw.tsv").write_text("correct\twrong\nThe Cat sleeps,\tThe cat sleep,\n")
    (raw,) = measure(model, [tmp_path / "raw.tsv"], skip_unknown=False)
    (cut,) = measure(model, [tmp_path / "raw.tsv"], split=True, lower=True)
    (bare,) = measure(model, [tmp_path / "raw.tsv"], split=True, lower=True, bare=True)
    assert (raw.signature["with_unknown"], cut.signature["with_unknown"], cut.value) == (1, 1, 1.0)
    assert (bare.signature["with_unknown"], bare.value) == (0, 1.0)
