"""What no training can do is refused in one sentence before anything is written, also by a dry run."""

import pytest
from in_process import refused, run

TASKS = {
    "lm": ("lm", "train", "text.txt"),
    "classify": ("classify", "train", "rows.csv"),
    "generate": ("generate", "train", "rows.csv"),
    "window": ("embed", "train-window", "text.txt"),
    "vectors": ("embed", "train", "text.txt"),
}
WRONG = {
    ("--threads", "100000"): "threads: got 100000, expected 1 to 512",
    ("--seed", "9" * 20): "--seed: got 99999999999999999999, expected at least 0 and at most 9",
    ("--minutes", "0"): "--minutes: got 0, expected a finite number above 0",
    ("--lr", "inf"): "--lr: got inf, expected a finite number",
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "text.txt").write_text("the king rules the town\n" * 50)
    (tmp_path / "rows.csv").write_text("label,text\n" + "pos,a good film\nneg,a bad film\n" * 10)
    return tmp_path


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("wrong", WRONG, ids=" ".join)
def test_setting_that_cannot_be_is_named_by_its_flag_and_nothing_is_written(folder, task, wrong):
    before = sorted(folder.rglob("*"))
    for more in ([], ["--dry-run"]):
        assert WRONG[wrong] in refused(*TASKS[task], "--out", "out", *wrong, *more, cwd=folder, code=2)
    assert sorted(folder.rglob("*")) == before


def test_folder_of_another_kind_is_not_overwritten(folder):
    small = ["--hidden-size", 8, "--epochs", 1, "--quiet"]
    run(*TASKS["lm"], "--out", "model", *small, cwd=folder)
    before = {path: path.read_bytes() for path in (folder / "model").rglob("*") if path.is_file()}
    for task in ("classify", "vectors"):
        said = refused(*TASKS[task], "--out", "model", "--epochs", 1, "--force", cwd=folder, code=2)
        assert "model: holds language-model, expected" in said
    assert {path: path.read_bytes() for path in (folder / "model").rglob("*") if path.is_file()} == before
    run(*TASKS["lm"], "--out", "model", *small, "--force", cwd=folder)
