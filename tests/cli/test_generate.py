"""seqkit generate from a shell: what is drawn belongs to its label, a seed draws it again, an unknown label is refused.

Files that are no labelled texts, and eval, are in test_translate.
"""

import json

import pytest
from in_process import refused
from in_process import run as command

import seqkit as sk

PAIRS = [
    line.split("\t")
    for line in (sk.shipped("planted") / "pairs.tsv").read_text(encoding="utf-8").splitlines()[:100]
]
SMALL = [
    "--unit",
    "whitespace",
    "--hidden",
    32,
    "--embed-dim",
    16,
    "--epochs",
    8,
    "--lr",
    0.02,
    "--threads",
    1,
    "--quiet",
]
WORDS = {
    label: {word for pair in PAIRS for word in pair[side].split()}
    for side, label in enumerate(("english", "planted"))
}


def run(*words, cwd):
    return command("generate", *words, cwd=cwd).stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generate")
    (folder / "lines.tsv").write_text(
        "".join(f"english\t{english}\nplanted\t{planted}\n" for english, planted in PAIRS)
    )
    assert "2 labels, loss " in run("train", "lines.tsv", "--out", "two.gen", *SMALL, cwd=folder)
    return folder


@pytest.mark.parametrize(("asked", "labels"), [([], ["english", "planted"]), (["planted"], ["planted"])])
def test_texts_are_drawn_for_the_labels_asked_for_in_their_words(folder, asked, labels):
    drawn = json.loads(run("sample", "two.gen", *asked, "--count", 5, "--json", cwd=folder))
    assert [text["label"] for text in drawn] == [label for label in labels for _ in range(5)]
    for text in drawn:
        words = text["text"].split()
        assert len(words) >= 2
        assert sum(word in WORDS[text["label"]] for word in words) > 0.8 * len(words)


def test_same_seed_draws_the_same_texts_and_another_others(folder):
    one, two, other = (
        run("sample", "two.gen", "--count", 3, "--seed", seed, cwd=folder) for seed in (1, 1, 7)
    )
    assert one == two
    assert len(set(one.splitlines()) | set(other.splitlines())) > 6
    assert (
        one.splitlines()[1:3]
        == run("sample", "two.gen", "english", "--count", 2, "--seed", 2, cwd=folder).splitlines()
    )


def test_unknown_label_is_refused_with_those_that_are_known(folder):
    said = refused("generate", "sample", "two.gen", "english", "planed", code=5, cwd=folder)
    assert "unknown label 'planed'" in said
    assert "Did you mean 'planted'?" in said
