"""--out of every command is guarded: a place is checked and claimed before the work, and replaced only by --force."""

import pytest
from in_process import COMMANDS as TREE
from in_process import refused, run

from benchmarks._trust.commands import COMMANDS
from seqkit.cli.out import guarded
from seqkit.core.files import places

ALL = {words: each for words, each in TREE.items() if any(param.name == "out" for param in each.params)}
JOINS = {("corpus", "fetch")}


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_command_with_out_has_force_unless_it_goes_on_with_what_is_there(words):
    assert any(param.name == "force" for param in ALL[words].params) != (words in JOINS or words[0] == "tune")


def test_there_are_many():
    assert len(ALL) >= 25


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "text.txt").write_text("the king rules\nthe queen rules\n" * 30)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("mine")
    return tmp_path


BUILD = ("corpus", "build", "text.txt", "--quiet", "--out")


def test_what_stands_at_out_is_replaced_only_by_force(folder):
    run(*BUILD, "c", cwd=folder)
    assert "c: holds corpus already" in refused(*BUILD, "c", cwd=folder, code=2)
    run(*BUILD, "c", "--force", "--lower", cwd=folder)
    assert "mine: holds files" in refused(*BUILD, "mine", "--force", cwd=folder, code=2)
    assert "text.txt: is read" in refused(*BUILD, "text.txt", "--force", cwd=folder, code=2)
    assert "out: got ''" in refused(*BUILD, "", cwd=folder, code=2)
    assert (folder / "mine" / "a.txt").read_text() == "mine"


def test_counts_of_the_same_are_kept_and_others_replaced_only_by_force(folder):
    count = ("embed", "count", "text.txt", "--quiet", "--threads", 1, "--out", "c")
    run(*count, cwd=folder)
    before = (folder / "c" / "manifest.json").read_text()
    run(*count, cwd=folder)
    assert "c: holds counts of another text" in refused(*count, "--window", 2, cwd=folder, code=2)
    (folder / "text.txt").write_text("a queen rules the king\n" * 30)
    assert "c: holds counts of another text" in refused(*count, cwd=folder, code=2)
    assert (folder / "c" / "manifest.json").read_text() == before
    run(*count, "--force", cwd=folder)
    assert (folder / "c" / "manifest.json").read_text() != before


def test_two_commands_do_not_write_to_one_place(folder):
    with places.claimed(folder / "c"):
        assert "c: is being written by process" in run(*BUILD, "c", cwd=folder, code=2).stderr
    run(*BUILD, "c", cwd=folder)


def test_setting_that_is_called_as_out_is_no_source(folder):
    train = (
        "embed",
        "train",
        "text.txt",
        "--dim",
        4,
        "--epochs",
        1,
        "--context",
        "cbow",
        "--quiet",
        "--out",
        "cbow",
    )
    run(*train, cwd=folder)
    run(*train, "--force", cwd=folder)
    assert "cbow: is read" in refused(*train, "--initial", "cbow", "--force", cwd=folder, code=2)


def test_a_dry_run_claims_nothing(folder):
    train = ("lm", "train", "text.txt", "--hidden-size", 8, "--epochs", 1, "--quiet", "--out", "m")
    with places.claimed(folder / "m"):
        run(*train, "--dry-run", cwd=folder)


def test_other_processes_of_a_parallel_run_claim_nothing(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr(places, "check", lambda *_, **__: pytest.fail("checked"))

    def command(out: str) -> str:
        return out

    assert guarded(command)(out="x") == "x"


def test_list_of_writing_commands_for_kills_and_races_has_each():
    assert not [
        words for words in ALL if not any(each.words[: len(words)] == [*words] for each in COMMANDS.values())
    ]
