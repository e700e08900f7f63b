"""seqkit diagnose from a shell: the page and tables, splits, copies, the sheet, the choice; bad input ends in one sentence, nothing written."""

import csv
import json
from collections import Counter

import pytest
from in_process import refused
from in_process import run as command

import seqkit as sk

LINES = (sk.shipped("planted") / "sentiment.tsv").read_text(encoding="utf-8").splitlines()
ROWS = [line.split("\t") for line in LINES[:240]]
SMALL = [
    "--set",
    "unit=whitespace",
    "--set",
    "embed_dim=8",
    "--set",
    "epochs=2",
    "--no-sizes",
    "--threads",
    1,
    "--quiet",
]
RUN = [
    "film.tsv",
    "--dev",
    "0.2",
    "--test",
    "0.1",
    "--out",
    "film.json",
    "--sheet",
    "film.csv",
    "--matrix",
    "film.svg",
]


def run(*words, cwd):
    return command("diagnose", *words, cwd=cwd).stdout


def rows_of(path):
    head, *lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [dict(zip(head, line, strict=True)) for line in lines]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diagnose")
    (folder / "film.tsv").write_text("".join(f"{label}\t{text}\n" for label, text in ROWS))
    (folder / "dev.tsv").write_text("".join(line + "\n" for line in LINES[600:640]))
    authors = "".join(f"{label},{text},author {i % 40}\n" for i, (label, text) in enumerate(ROWS))
    (folder / "authors.csv").write_text("label,text,author\n" + authors)
    (folder / "shown.json").write_text(run("run", *RUN, "--human", "0.05", *SMALL, "--json", cwd=folder))
    return folder


@pytest.fixture(scope="module")
def found(folder):
    return json.loads((folder / "film.json").read_text())


def test_run_shows_what_it_writes_and_cuts_shares_from_train(folder, found):
    assert json.loads((folder / "shown.json").read_text()) == found
    assert found["about"]["rows"] == {"train": 168, "dev": 48, "test": 24}
    assert [(score["name"], score["count"]) for score in found["errors"]] == [
        ("train", 168),
        ("dev", 48),
        ("test", 24),
    ]
    gaps = {finding["name"]: finding for finding in found["findings"]}
    train, dev = (score["value"] for score in found["errors"][:2])
    assert gaps["avoidable bias"]["value"] == pytest.approx(train - 0.05)
    assert gaps["variance"]["value"] == pytest.approx(dev - train)
    assert found["faults"][0] == "avoidable bias"  # two epochs are too few
    assert (folder / "film.svg").read_bytes().startswith(b"<?xml")


def test_run_makes_a_page_and_a_table_and_a_dev_file_brings_train_dev(folder):
    shown = run(
        "run", "film.tsv", "--dev", "dev.tsv", "--out", "page.html", "--limit", "ms<=5000", *SMALL, cwd=folder
    )
    page = (folder / "page.html").read_text(encoding="utf-8")
    for text in (shown, page):
        for part in ("avoidable bias", "data mismatch", "leaked dev", "train-dev"):
            assert part in text
    assert "95 % interval" in shown
    assert shown.endswith("page.html\n")
    assert page.startswith("<!doctype html>")
    assert "src=" not in page  # it stands alone


def test_split_gives_each_part_its_share_of_each_label_and_the_seed_says_which(folder):
    shares = ["--share", "train=0.5", "--share", "dev=0.3", "--share", "test=0.2"]
    shown = json.loads(run("split", "film.tsv", *shares, "--out", "one", "--json", cwd=folder))
    assert [(part["part"], part["labels"]) for part in shown] == [
        ("train", {"0": 60, "1": 60}),
        ("dev", {"0": 36, "1": 36}),
        ("test", {"0": 24, "1": 24}),
    ]
    parts = {name: rows_of(folder / "one" / f"{name}.tsv") for name in ("train", "dev", "test")}
    assert Counter((row["label"], row["text"]) for rows in parts.values() for row in rows) == Counter(
        map(tuple, ROWS)
    )
    run("split", "film.tsv", *shares, "--out", "two", cwd=folder)
    run("split", "film.tsv", *shares, "--out", "three", "--seed", 2, cwd=folder)
    one, two, three = ((folder / name / "dev.tsv").read_bytes() for name in ("one", "two", "three"))
    assert one == two != three


def test_split_keeps_groups_whole(folder):
    shown = run("split", "authors.csv", "--group", "author", "--out", "groups", cwd=folder)
    parts = {name: rows_of(folder / "groups" / f"{name}.tsv") for name in ("train", "dev", "test")}
    assert [len(rows) for rows in parts.values()] == [192, 24, 24]
    assert all(f"{name}.tsv" in shown for name in parts)
    authors = [{row["author"] for row in rows} for rows in parts.values()]
    assert sum(map(len, authors)) == len(set.union(*authors)) == 40


def test_copies_across_the_parts_of_a_split_are_found_with_their_rows(folder):
    run("split", "film.tsv", "--out", "parts", cwd=folder)
    train, dev = folder / "parts" / "train.tsv", folder / "parts" / "dev.tsv"
    long = "one two three four five six seven eight nine ten eleven twelve"
    with train.open("a") as file:
        file.write(f"1\t{long}\n")  # row 193
    with dev.open("a") as file:
        file.write(f"0\t{rows_of(train)[6]['text']}\n0\t{long} thirteen\n")  # rows 25 and 26
    names = ["parts/train.tsv", "parts/dev.tsv", "parts/test.tsv"]
    found = json.loads(run("duplicates", *names, "--json", cwd=folder))
    planted = [
        (copy["row"], copy["of_row"], copy["similarity"] == 1)
        for copy in found["copies"]
        if copy["part"] == names[1]
    ]
    assert {(25, 7, True), (26, 193, False)} <= set(planted)
    counts = {(row["part"], row["of"]): row["exact"] for row in found["between"]}
    texts = {name: Counter(row["text"] for row in rows_of(folder / name)) for name in names}
    assert all(
        n == sum(texts[part][text] for text in texts[of] if text in texts[part])
        for (part, of), n in counts.items()
    )
    shown = run("duplicates", *names, cwd=folder)
    assert "parts/dev.tsv: line 26: " in shown  # after the head
    assert f"parts/train.tsv: line 194: {long} (0.9" in shown
    run("duplicates", *names, "--out", "copies.csv", cwd=folder)
    written = [(row["where"], row["of_where"]) for row in rows_of_csv(folder / "copies.csv")]
    assert written == [(copy["where"], copy["of_where"]) for copy in found["copies"]]
    lines = {name: (folder / name).read_text(encoding="utf-8").splitlines() for name in names}
    for copy in found["copies"]:
        assert _line(lines, copy["where"]).endswith(copy["text"])
        assert _line(lines, copy["of_where"]).endswith(copy["of_text"])


def _line(lines, where):
    """The line of a file that a place names."""
    name, _, number = where.partition(": line ")
    return lines[name][int(number) - 1]


def test_every_row_is_named_by_its_file_and_line_though_parts_are_cut_out_of_it(folder):
    """Labels of every ninth text turned round: the suspects are those, and their lines hold their text."""
    turned = [(1 - int(label) if i % 9 == 0 else label, text) for i, (label, text) in enumerate(ROWS)]
    (folder / "turned.tsv").write_text("".join(f"{label}\t{text}\n" for label, text in turned))
    more = ["--dev", "0.2", "--train-dev", "0.2", "--out", "turned.json", "--suspects", "turned.csv"]
    run("run", "turned.tsv", *more, "--shown", "1", "--sheet", "errors.csv", *SMALL, cwd=folder)
    found = json.loads((folder / "turned.json").read_text())
    lines = {"turned.tsv": (folder / "turned.tsv").read_text(encoding="utf-8").splitlines()}
    suspects = rows_of_csv(folder / "turned.csv")
    assert len(suspects) == found["labels"]["suspects"] > 1
    for row in [*suspects, *found["wrong"], *found["labels"]["rows"], *rows_of_csv(folder / "errors.csv")]:
        assert _line(lines, row["where"]) == f"{row['label']}\t{row['text']}"


def test_sheet_is_written_marked_by_hand_and_read_back_as_shares(folder, found):
    wrong = found["wrong"]
    assert len(rows_of_csv(folder / "film.csv")) == len(wrong)
    given = ["--out", "marked.csv", "--category", "negation", "--category", "irony", "--rows", 10]
    assert f"marked.csv: 10 of {len(wrong)} errors" in run("sheet", "film.json", *given, cwd=folder)
    rows = rows_of_csv(folder / "marked.csv")
    assert {(row["text"], row["predicted"]) for row in rows} <= {
        (row["text"], row["predicted"]) for row in wrong
    }
    for i, row in enumerate(rows[:8]):
        row |= {
            "negation": "x" if i < 6 else "",
            "irony": "1" if i in {5, 6} else "0",
            "comment": "seen" if i == 7 else "",
        }
    with (folder / "marked.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    read = json.loads(run("sheet", "film.json", "--read", "marked.csv", "--json", cwd=folder))
    shares = [(c["category"], c["errors"], c["looked_at"], c["share"]) for c in read["categories"]]
    assert shares == [("negation", 6, 8, 0.75), ("irony", 2, 8, 0.25)]
    assert (read["missing"], read["comments"]) == (2, {rows[7]["row"]: "seen"})
    error = next(score["value"] for score in found["errors"] if score["name"] == "dev")
    assert [c["ceiling"] for c in read["categories"]] == pytest.approx([error / 4, error * 3 / 4])
    assert "2 rows without a mark" in run("sheet", "film.json", "--read", "marked.csv", cwd=folder)


def rows_of_csv(path):
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_best_model_within_the_limits_is_chosen(folder, found):
    for name, accuracy, ms in (("mean", 0.90, 0.2), ("lstm", 0.95, 9.0)):
        (folder / f"{name}.json").write_text(
            json.dumps(found | {"values": found["values"] | {"accuracy": accuracy, "ms": ms}})
        )
    models = ["mean.json", "lstm.json"]
    assert json.loads(run("choose", *models, "--json", cwd=folder))["best"] == "lstm"
    chosen = json.loads(run("choose", *models, "--limit", "ms<=5", "--json", cwd=folder))
    assert (chosen["best"], chosen["broken"]) == ("mean", {"lstm": ["ms <= 5"]})
    assert "best: none keeps to the limits" in run("choose", *models, "--limit", "accuracy>=0.99", cwd=folder)


def test_a_label_that_a_column_of_tsv_cannot_hold_is_refused(folder):
    (folder / "tab.csv").write_text('label,text\n"a\tb",fine\nc,bad\n' * 4)
    said = refused(
        "diagnose",
        "split",
        "tab.csv",
        "--share",
        "train=0.5",
        "--share",
        "dev=0.5",
        "--out",
        "tab",
        cwd=folder,
        code=3,
    )
    assert "got 'a\\tb', expected no tab" in said


def test_a_dev_without_errors_gives_the_page_and_no_sheet(folder):
    """The best outcome is no failure."""
    (folder / "easy.tsv").write_text(
        "".join(f"{i % 2}\ta {'good' if i % 2 else 'bad'} film {i}\n" for i in range(60))
    )
    done = command(
        "diagnose",
        "run",
        "easy.tsv",
        "--dev",
        "0.2",
        "--out",
        "easy.html",
        "--sheet",
        "easy.csv",
        *SMALL,
        "--set",
        "epochs=10",
        cwd=folder,
    )
    assert "dev 0.0000" in done.stdout
    assert "warning: easy.csv: not written, as there is no error of dev to look at." in done.stderr
    assert (folder / "easy.html").exists()
    assert not (folder / "easy.csv").exists()


FILES = {
    "empty.tsv": "",
    "one.tsv": "1\ta\n1\tb\n1\tc\n1\td\n",
    "hollow.tsv": "1\ta\n0\t \n",
    "cut.tsv": "1\ta\n0 b\n",
    "odd.tsv": "1\ta\nmaybe\tb\n",
    "bare.tsv": "label\ttext\n1\ta\n\tb\n",
    "latin.tsv": "1\tcaf\udce9\n0\tb\n",
    "cut.jsonl": '{"label": 1, "text": "a"}\n{"label":\n',
    "alone.csv": "label,text,author\n1,a,x\n0,b,\n",
    "none.csv": "a,b\n1,2\n",
    "list.json": "[]",
}
SHEET = "row,text,label,predicted,probability,suspected,other,comment\n3,a,1,0,0.9,,"
X = ["--out", "x.html"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["run", "flim.tsv", *X], 3, "flim.tsv: no such file, folder or match. Did you mean 'film.tsv'"),
        (["run", "empty.tsv", *X], 3, "empty.tsv: got no text"),
        (["run", "one.tsv", "--dev", "0.5", *X], 3, "got only the label '1', expected"),
        (["run", "hollow.tsv", *X], 3, "hollow.tsv: line 2: the text is empty"),
        (["run", "cut.tsv", *X], 3, "cut.tsv: line 2 has 1 column, expected 2 (label, text)"),
        (["run", "bare.tsv", *X], 3, "bare.tsv: line 3: no label, expected one for each text"),
        (["run", "latin.tsv", *X], 3, "latin.tsv: line 1, byte 5: 0xe9 is not valid utf-8"),
        (["run", "cut.jsonl", *X], 3, "cut.jsonl: line 2 is not JSON"),
        (["run", "alone.csv", "--group", "author", *X], 3, "alone.csv: line 3: no group in 'author'"),
        (
            ["run", "authors.csv", "--slice", "autor", *X],
            3,
            "authors.csv: line 1: no column 'autor'; it has label, text, author. Did you mean",
        ),
        (
            ["run", "film.tsv", "--dev", "odd.tsv", *X],
            3,
            "odd.tsv: line 2: got the label 'maybe', expected one of training: 0, 1",
        ),
        (["run", "film.tsv", "--test", "empty.tsv", *X], 3, "empty.tsv: got no text"),
        (["run", "film.tsv", "--dev", "0.001", *X], 3, "no row is left for 'dev' (share 0.001 of 240 rows)"),
        (["run", "film.tsv", "--dev", "0", *X], 2, "dev: got a share of 0"),
        (
            ["run", "film.tsv", "--dev", "0.6", "--test", "0.4", *X],
            2,
            "shares: dev 0.6, test 0.4 leave nothing to train on",
        ),
        (
            ["run", "film.tsv", "--dev", "-0.1", *X],
            2,
            "got shares train 1.1, dev -0.1, expected numbers above 0",
        ),
        (
            ["run", "film.tsv", "--out", "x.pdf"],
            2,
            "got 'x.pdf', expected a name that ends in .html or .json",
        ),
        (
            ["run", "film.tsv", *X, "--matrix", "x.pdf"],
            2,
            "got 'x.pdf', expected a name that ends in .svg or .png",
        ),
        (["run", "film.tsv", *X, "--sheet", "x.txt"], 2, "got 'x.txt', expected a name that ends in .csv"),
        (
            ["run", "film.tsv", *X, "--limit", "ms<5"],
            2,
            "limit: got 'ms<5', expected metric<=number or metric>=number",
        ),
        (["run", "film.tsv", *X, "--limit", "acuracy>=0.9"], 2, "metric 'acuracy' was not measured"),
        (["run", "film.tsv", *X, "--human", "2"], 2, "human: got 2.0, expected at least 0 and at most 1"),
        (["run", "film.tsv", *X, "--reader", "averagd"], 2, "got 'averagd', expected one of 'averaged'"),
        (["run", "film.tsv", *X, "--set", "epoch=2"], 2, "unknown setting 'epoch'. Did you mean 'epochs'?"),
        (["run", "film.tsv", *X, "--format", "tvs"], 2, "format: got 'tvs', expected one of lines, csv, tsv"),
        (["run", "film.tsv", *X, "--encoding", "utf-88"], 2, "encoding: got 'utf-88'"),
        (
            ["split", "film.tsv", "--out", "x", "--share", "train=0.5"],
            2,
            "got shares train 0.5, expected numbers above 0 that sum to 1",
        ),
        (
            ["split", "film.tsv", "--out", "x", "--share", "train"],
            2,
            "share: got 'train', expected part=share, such as dev=0.1",
        ),
        (["split", "film.tsv", "--out", "x", "--share", "../y=1"], 2, "share: got '../y=1'"),
        (
            ["split", "film.tsv", "--out", "x", "--share", "train=0.999", "--share", "dev=0.001"],
            3,
            "no row is left for 'dev'",
        ),
        (["split", "bare.tsv", "--out", "x"], 3, "bare.tsv: line 3: no label"),
        (
            ["split", "alone.csv", "--out", "x", "--group", "author"],
            3,
            "alone.csv: line 3: no group in 'author'",
        ),
        (["split", "film.tsv", "--out", "dev.tsv"], 2, "dev.tsv: holds a file already"),
        (["duplicates", "film.tsv", "film.tsv"], 2, "got a file twice, expected each once"),
        (["duplicates", "film.tsv", "cut.tsv"], 3, "cut.tsv: line 2 has 1 column"),
        (
            ["duplicates", "film.tsv", "dev.tsv", "--threshold", "0"],
            2,
            "--threshold: got '0', expected at least 0.01",
        ),
        (
            ["sheet", "none.json", "--out", "x.csv"],
            3,
            "none.json: no such file. Make one with seqkit diagnose run",
        ),
        (["sheet", "list.json", "--out", "x.csv"], 3, "list.json: not a diagnosis"),
        (
            ["sheet", "film.json"],
            2,
            "sheet: got no file, expected --out with a name that ends in .csv, or --read",
        ),
        (
            ["sheet", "film.json", "--out", "x.txt"],
            2,
            "sheet: got 'x.txt', expected a name that ends in .csv",
        ),
        (["sheet", "film.json", "--out", "x.csv", "--rows", "0"], 2, "--rows: got '0', expected at least 1"),
        (
            ["sheet", "film.json", "--out", "x.csv", "--category", "text"],
            2,
            "category 'text' is empty, stands twice or is a column's name",
        ),
        (["sheet", "film.json", "--read", "x.csv"], 3, "x.csv: no such file"),
        (["sheet", "film.json", "--read", "none.csv"], 3, "none.csv: no column 'row'"),
        (["sheet", "film.json", "--read", "blank.csv"], 3, "blank.csv: no row has a mark or a comment"),
        (
            ["sheet", "film.json", "--read", "perhaps.csv"],
            3,
            "perhaps.csv: line 2, column 'other': got 'perhaps', expected x, 1 or yes",
        ),
        (["choose", "film.json", "none.json"], 3, "none.json: no such file"),
        (["choose", "film.json", "./film.json"], 2, "got two files of one name"),
        (["choose", "film.json", "--optimise", "acuracy"], 2, "metric 'acuracy' was not measured"),
        (["choose", "film.json", "--limit", "ms=5"], 2, "limit: got 'ms=5'"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else None,
)
def test_bad_input_gives_one_sentence_and_its_exit_code_and_nothing_is_written(folder, words, code, message):
    for name, text in (FILES | {"blank.csv": SHEET + ",\n", "perhaps.csv": SHEET + "perhaps,\n"}).items():
        (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert message in refused(
        "diagnose", *words, *(SMALL if words[0] == "run" else []), cwd=folder, code=code
    )
