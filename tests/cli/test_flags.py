"""A refused value is told by its flag as it was typed: every flag of every train, sample and predict command."""

import contextlib
import io
import sys
from unittest import mock

import in_process
import pytest
from in_process import refused, run

from seqkit.cli import main
from seqkit.core.errors import OptionError
from seqkit.models.decoding.options import BeamOptions
from seqkit.models.options import Recurrent

VALUES = ("-1", "1e12", "nonsense")  # until one is refused
SMALL = ("--hidden", 8, "--epochs", 1, "--quiet", "--out")
SUFFIX = {"lm": "txt", "classify": "txt", "tag": "conll", "translate": "tsv", "generate": "tsv"}
TEXTS = {
    "lm": "the king rules the old town\na cat sat on a mat\n" * 8,
    "classify": "5 very good film\n1 very bad film\n4 good\n2 bad\n" * 5,
    "tag": "the\tDET\ncat\tNOUN\nsat\tVERB\n\na\tDET\ndog\tNOUN\n\n" * 8,
    "translate": "a b c\tx y z\nb c\ty z\nc\tz\na b\tx y\n" * 2,
    "generate": "a b c\tx y z\nb c\ty z\nc\tz\na b\tx y\n" * 2,
}
FREE = {  # any value may be right: a file, a column or a text, or a number without bounds
    *("out", "valid", "valid_target", "vectors", "from_lm", "initial", "frozen", "file", "prompt", "setting"),
    *("column", "label", "encoding", "form", "noise_exponent", "seed", "freeze", "validate", "word_column"),
    "sentence_column",
}
INPUT = {"classify": ["good"], "translate": ["a b"], "tag": ["lm.txt"]}  # of predict
LATER = {"scheme", "tokenizer"}  # told by the reader of the text


COMMANDS = {
    words: command
    for words, command in in_process.COMMANDS.items()
    if words[-1] in ("train", "train-window", "sample", "predict")
}


def test_each_task_is_among_the_commands():
    assert {words[0] for words in COMMANDS} == {*TEXTS, "embed"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A text and a small model for each task."""
    folder = tmp_path_factory.mktemp("flags")
    for task, text in TEXTS.items():
        (folder / f"{task}.{SUFFIX[task]}").write_text(text)
        small = SMALL[2:] if task == "classify" else SMALL
        run(task, "train", f"{task}.{SUFFIX[task]}", *small, task, cwd=folder)
    return folder


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_law_a_refused_value_is_told_by_its_flag(words, folder):
    task, verb = words[0], words[-1]
    rest = ["none.txt", "--out", "none"] if verb.startswith("train") else [task]
    rest += INPUT[task] if verb == "predict" else []
    unnamed = []
    for option in COMMANDS[words].params:
        flag = option.opts[0]
        if not flag.startswith("--") or option.is_flag or option.name in FREE | LATER:
            continue
        for flag in option.opts:
            told = (_told([*words, *rest, flag, value], folder) for value in VALUES)
            if flag not in (first := next(filter(None, told), "taken")):
                unnamed.append((flag, first))
    assert unnamed == []


def _told(words, folder):
    """What a command said that refused its usage; "" if it took the value, None if something else was wrong."""
    out, err = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    with (
        contextlib.chdir(folder),
        mock.patch.object(sys, "argv", ["seqkit", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            if end.code:
                return err.getvalue() if end.code == 2 else None
    return ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("lm", "sample", "lm", "--beam", 0), "error: --beam: got 0, expected at least 1.\n"),
        (("lm", "train", "lm.txt", "--hidden=0"), "error: --hidden: got 0, expected at least 1.\n"),
        (
            ("lm", "train", "lm.txt", "--hidden-size", 0),
            "error: --hidden-size: got 0, expected at least 1.\n",
        ),
        (
            ("lm", "train", "lm.txt", "--feed-forward", 0),
            "error: --feed-forward: got 0, expected at least 1.\n",
        ),
        (
            ("lm", "train", "lm.txt", "--device", "gpu"),
            "error: --device: got 'gpu', expected one of auto, cpu",
        ),
        (
            ("embed", "train", "lm.txt", "--alpha", 1),
            "error: --alpha: got a value, expected none: a setting of glove",
        ),
        (
            ("embed", "train", "lm.txt", "--tokenizer", "x"),
            "error: --tokenizer: unknown tokenizer 'x'; known: ",
        ),
        (("tag", "train", "tag.conll", "--scheme", "x"), "error: --scheme: got 'x', expected one of "),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_the_flag_is_named_as_it_was_typed(words, told, folder):
    out = () if words[1] == "sample" else ("--out", "none")
    assert refused(*words, *out, cwd=folder, code=2).startswith(told)


def test_python_is_told_class_and_field():
    with pytest.raises(OptionError, match=r"^BeamOptions\.width: got 0, expected at least 1"):
        BeamOptions(width=0)
    with pytest.raises(
        OptionError, match=r"^Recurrent\.cell: unknown cell 'lstn'; known: .* Did you mean 'lstm'"
    ):
        Recurrent(cell="lstn")
    with pytest.raises(OptionError, match=r"^Recurrent\.feed_forward: got 0, expected at least 1"):
        Recurrent(feed_forward=(8, 0))
