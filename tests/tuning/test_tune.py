"""A search keeps the best model, loses no finished trial when killed, and two workers never train the same trial."""

import copy
import json
import logging
import os
import signal
import sys
import threading
import warnings

import numpy as np
import pytest
import shell

import seqkit as sk
from seqkit.core.errors import FormatError, OptionError, ResourceError, TrainingError
from seqkit.embeddings.testsets.analogies import AnalogyAccuracy, Section
from seqkit.text.codec import Codec
from seqkit.tuning.space import Space
from seqkit.tuning.store import Trials, read_trials
from seqkit.tuning.trial import Job
from seqkit.tuning.tune import Found, tune

LINES = ["the cat sat on the mat", "the dog sat on the rug", "a bird sang", "the cat saw a bird"] * 6
CORPUS = sk.Corpus.build(LINES, "whitespace", add_eos=True)
VALID = Codec.of(CORPUS).corpus(LINES[:4])
SPACE = {"lr": "1e-3..0.1", "cell": "gru,rnn"}


def small(**settings):
    return sk.LanguageModel(
        **({"hidden_size": 8, "num_layers": 1, "epochs": 3, "batch": 4, "bptt": 8, "threads": 1} | settings)
    )


def run(folder, model=None, space=SPACE, **settings):
    return tune(model or small(), space, CORPUS, valid=VALID, out=folder, **({"trials": 4} | settings))


@pytest.fixture(scope="module")
def halved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("halved")
    return run(folder, trials=7, method="halving")


def test_best_model_is_the_one_that_its_settings_alone_give(halved):
    model = sk.LanguageModel.load(halved.folder)
    best = halved.best
    assert {name: model.get_params()[name] for name in SPACE} == best.settings
    alone = small(**best.settings).fit(CORPUS, valid=VALID)
    assert [e.validation for e in alone.history] == list(best.values)
    assert alone.score(LINES[:4]) == model.score(LINES[:4])  # stopped at a rung and resumed: the same bytes


def test_cost_counts_every_rung_once(halved):
    assert [len(t.values) for t in halved.trials].count(1) == 5
    assert halved.units == CORPUS.num_tokens * (7 + 2 * 2)
    assert all(t.units == CORPUS.num_tokens * len(t.values) for t in halved.trials)
    assert [t.state for t in halved.trials].count("dropped") == 5


def test_result_is_written_as_json_and_can_be_read_again(halved):
    assert json.loads((halved.folder / "search.json").read_text()) == json.loads(json.dumps(halved.to_json()))
    assert Found.load(halved.folder) == halved
    assert not (halved.folder / "trials").exists()


def test_search_that_is_over_trains_nothing_more(halved):
    before = (halved.folder / "manifest.json").read_text()
    seen = []
    assert (
        run(halved.folder, trials=7, method="halving", report=lambda trial, known: seen.append(trial))
        == halved
    )
    assert seen == []
    assert (halved.folder / "manifest.json").read_text() == before


def test_same_seed_gives_the_same_trials_and_another_others(tmp_path):
    one, two, other = (
        run(tmp_path / name, trials=3, seed=seed) for name, seed in (("one", 1), ("two", 1), ("other", 2))
    )
    assert [(t.settings, t.values) for t in one.trials] == [(t.settings, t.values) for t in two.trials]
    assert one.trials[0].settings != other.trials[0].settings


def test_random_search_grows(tmp_path):
    few = run(tmp_path, trials=2)
    more = run(tmp_path, trials=3)
    assert more.trials[:2] == few.trials
    assert more.best.value <= few.best.value


def test_failed_trial_is_recorded_with_its_error_and_the_search_goes_on(tmp_path):
    found = run(tmp_path, small(optimizer="sgd", clip=0.0), {"lr": [0.1, 3e38]}, trials=2, method="grid")
    bad = found.trials[1]
    assert (bad.state, found.best.number, found.to_json()["failed"]) == ("failed", 0, 1)
    assert "diverges" in bad.error or "loss became" in bad.error
    assert bad.to_json()["value"] is None
    assert sk.LanguageModel.load(tmp_path).get_params()["lr"] == 0.1


def test_all_trials_failing_gives_one_error_and_keeps_the_record(tmp_path):
    with pytest.raises(
        TrainingError, match=r"tune: none of 2 trials went all the way, 2 failed\. The first: .*Lower lr"
    ):
        run(tmp_path, small(optimizer="sgd", clip=0.0), {"lr": [3e38, 3.3e38]}, trials=2, method="grid")
    assert [t.state for t in Found.load(tmp_path).trials] == ["failed"] * 2
    assert json.loads((tmp_path / "search.json").read_text())["best"] is None


def test_model_too_large_for_the_machine_is_a_failed_trial(tmp_path):
    found = run(tmp_path, space={"hidden_size": [8, 10**7]}, trials=2, method="grid")
    assert [t.state for t in found.trials] == ["done", "failed"]


def test_full_disk_ends_the_search(tmp_path, monkeypatch):
    from seqkit.train.checkpoint import Checkpoint

    def full(self, *args):
        raise ResourceError("no space left") from OSError(28, "No space left on device")

    monkeypatch.setattr(Checkpoint, "save", full)
    with pytest.raises(ResourceError, match="no space left"):
        run(tmp_path)
    assert [t.state for t in read_trials(tmp_path)[0]] == ["open"]


QUESTIONS = AnalogyAccuracy([Section("pairs", [("cat", "mat", "dog", "rug"), ("the", "cat", "a", "bird")])])
TINY = {"dim": 8, "min_count": 1, "epochs": 3, "threads": 1}
SAME = {"deterministic": True}


@pytest.mark.parametrize(
    ("model", "space"),
    [
        (sk.SkipGram(**TINY, **SAME), {"lr": "1e-3..0.2", "loss": "negative-sampling,hierarchical-softmax"}),
        (sk.CBOW(**TINY, **SAME), {"lr": None, "cbow_gradient": "word2vec,mean"}),
        (sk.SkipGram(loss="subwords", buckets=64, **TINY, **SAME), {"lr": None}),
        (sk.GloVe(**TINY), {"lr": None, "window": [1, 2]}),
    ],
    ids=lambda value: value.loss if isinstance(value, sk.SkipGram | sk.CBOW | sk.GloVe) else "",
)
def test_word_vectors_are_searched_where_higher_is_better(tmp_path, model, space):
    before = model.get_params()
    found = tune(model, space, CORPUS, valid=QUESTIONS, out=tmp_path, trials=3, method="halving")
    best, alone = found.best, copy.copy(model).set_params(**found.best.settings)
    vectors = alone.fit(CORPUS, valid=QUESTIONS)
    assert [1 - epoch.validation for epoch in alone.history] == list(best.values)
    assert np.array_equal(sk.Vectors.load(tmp_path).matrix, vectors.matrix)
    assert model.get_params() == before


def test_vectors_of_counts_keep_the_settings_of_counting(tmp_path):
    counts = sk.Cooccurrence.count(CORPUS, window=2, min_count=1)
    model = sk.GloVe(dim=8, epochs=2)
    found = tune(model, {"lr": None}, counts, valid=QUESTIONS, out=tmp_path / "search", trials=2)
    assert len(found.trials) == 2
    with pytest.raises(OptionError, match="the counts were made with window 2, 3 was asked for"):
        tune(model, {"window": [3]}, counts, valid=QUESTIONS, out=tmp_path / "other", trials=1, method="grid")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"space": {"lr": "1e-3..0.2"}},
            r"search: got space .*, expected .* as in .*: trials must be comparable",
        ),
        ({"seed": 2}, "search: got seed of the draws 2, expected 1"),
        ({"model": small(seed=3)}, "search: got seed 3, expected 1"),
        ({"model": small(hidden_size=9)}, "search: got hidden_size 9, expected 8"),
        ({"trials": 5, "method": "coarse-to-fine"}, "search: got method 'coarse-to-fine', expected 'random'"),
    ],
)
def test_folder_of_another_search_is_refused_by_the_first_difference(tmp_path_factory, change, message):
    folder = tmp_path_factory.getbasetemp() / "other"
    if not folder.exists():
        run(folder, trials=1)
    with pytest.raises(OptionError, match=message):
        run(folder, **change)


def test_other_data_are_refused(tmp_path):
    run(tmp_path, trials=1)
    with pytest.raises(OptionError, match="search: got validation data"):
        tune(small(), SPACE, CORPUS, valid=CORPUS, out=tmp_path, trials=1)
    with pytest.raises(OptionError, match="search: got data"):
        tune(small(), SPACE, VALID, valid=VALID, out=tmp_path, trials=1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"space": {"lrr": None}}, r"LanguageModel has no setting 'lrr'\. Did you mean 'lr'"),
        ({"space": {"cell": "gru,lstn"}}, "Did you mean 'lstm'"),
        ({"space": {"lr": "0..1:linear"}}, r"lr: got 0\.0, expected a number above 0"),
        ({"trials": 0}, "trials: got 0, expected at least 1"),
        ({"method": "grid", "method_settings": {"point": 3}}, "unknown setting 'point'"),
        ({"method": "halving", "method_settings": {"eta": 1}}, "Halving.eta: got 1, expected at least 2"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_written(tmp_path, settings, message):
    with pytest.raises(OptionError, match=message):
        run(tmp_path / "new", **settings)
    assert not (tmp_path / "new").exists()


def test_trials_need_something_to_be_compared_by(tmp_path):
    with pytest.raises(OptionError, match="valid: got nothing, but trials are compared by it"):
        tune(small(), SPACE, CORPUS, valid=None, out=tmp_path / "new")


def test_folder_whose_name_means_something_in_an_address_is_the_folder(tmp_path):
    folder = tmp_path / "a?b#c%20 &d"
    folder.mkdir()
    run(folder)
    assert (folder / "search.sqlite").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_broken_storage_is_named(tmp_path):
    (tmp_path / "search.sqlite").write_text("no database " * 100)
    with pytest.raises(FormatError, match=r"search\.sqlite: cannot be read as a search"):
        run(tmp_path)
    with pytest.raises(FormatError, match="no search.sqlite there"):
        Found.load(tmp_path / "none")


@pytest.fixture
def pages():
    """A function that lets no database grow beyond so many pages: SQLite then says that the disk is full."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    most = [1 << 30]

    def limit(connection, record):
        connection.execute(f"PRAGMA max_page_count = {most[0]}")

    event.listen(Engine, "connect", limit)
    yield lambda number: most.__setitem__(0, number)
    event.remove(Engine, "connect", limit)


def test_table_of_trials_that_is_full_is_told_as_a_full_disk_and_the_search_goes_on(tmp_path, pages):
    full = r"search\.sqlite: no space left on the disk"
    pages(5)
    with pytest.raises(ResourceError, match=full) as told:  # while it is made
        run(tmp_path, trials=1)
    assert told.value.exit_code == 6
    pages(40)
    where = Space.of(SPACE, small().settings.groups.values(), "LanguageModel")
    trials = Trials(tmp_path / "other", where, {"space": where.to_json()})
    with trials.claim([Job(0, {"lr": 0.01, "cell": "gru"}, 1)], []), pytest.raises(ResourceError, match=full):
        trials.end(trials.all()[0], "failed", "x" * 400_000)  # in the middle
    assert trials.all()[0].state == "open"
    pages(1 << 30)
    assert [t.state for t in run(tmp_path, trials=1).trials] == ["done"]


def test_disk_that_is_full_for_files_of_any_kind_ends_the_search_as_such(tmp_path):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (1000, 50_000, 200_000):
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
            with pytest.raises(ResourceError, match=r"cannot be written \((disk I/O error|File too large)"):
                run(tmp_path / str(size), model=small(hidden_size=60))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_missing_optuna_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(
        OptionError, match=r"search: needs optuna, which is not installed\. Install seqkit\[tune\]"
    ):
        run(tmp_path)


def test_optuna_says_nothing_and_keeps_the_users_verbosity(tmp_path, capfd):
    import optuna

    optuna.logging.set_verbosity(logging.INFO)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(tmp_path, trials=1)
    assert optuna.logging.get_verbosity() == logging.INFO
    assert capfd.readouterr() == ("", "")


def test_file_is_a_study_that_optuna_reads(halved):
    import optuna

    study = optuna.load_study(study_name="search", storage=f"sqlite:///{halved.folder / 'search.sqlite'}")
    assert study.best_params == halved.best.settings
    assert study.best_value == halved.best.value
    assert [t.state.name for t in study.trials].count("PRUNED") == 5


# workers: the same search by several, killed and gone on with

WORKER = f"""
import os, sys
import seqkit as sk
from seqkit.tuning.tune import tune
from seqkit.text.codec import Codec
from seqkit.train.gradient.learner import GradientLearner
lines = {LINES!r}
corpus = sk.Corpus.build(lines, "whitespace", add_eos=True)
model = sk.LanguageModel(hidden_size=8, num_layers=1, epochs=3, batch=4, bptt=8, threads=1)
last, number = int(sys.argv[3]), int(sys.argv[4])  # the step within which this process sends itself a signal
step, steps = GradientLearner.step, []
def counted(self, batch, lr):
    steps.append(lr)
    if len(steps) == last:
        os.kill(os.getpid(), number)
    return step(self, batch, lr)
GradientLearner.step = counted
def report(trial, known):
    print(trial.number, len(trial.values), trial.state, flush=True)
tune(model, {SPACE!r}, corpus, valid=Codec.of(corpus).corpus(lines[:4]), out=sys.argv[1], trials=9, method=sys.argv[2], report=report)
"""


def start(folder, method, step=-1, number=0):
    return shell.start(WORKER, str(folder), method, str(step), str(int(number)))


def jobs(text):
    return [tuple(line.split()) for line in text.splitlines()]


@pytest.mark.parametrize("method", ["random", "halving"])
def test_two_workers_share_one_search_and_train_nothing_twice(tmp_path, method):
    both = [start(tmp_path / "two", method) for _ in range(2)]
    ended = [worker.end() for worker in both]
    assert [worker.stderr for worker in ended] == ["", ""]
    done = [job for worker in ended for job in jobs(worker.stdout)]
    assert len(done) == len(set(done)) == (9 if method == "random" else 9 + 3)
    alone = run(tmp_path / "one", trials=9, method=method)
    shared = Found.load(tmp_path / "two")
    assert [(t.settings, t.values, t.state, t.units) for t in shared.trials] == [
        (t.settings, t.values, t.state, t.units) for t in alone.trials
    ]
    assert sk.LanguageModel.load(tmp_path / "two").score(LINES[:2]) == sk.LanguageModel.load(
        tmp_path / "one"
    ).score(LINES[:2])


@pytest.mark.parametrize("job", [3, 11])
def test_wish_to_stop_that_comes_after_a_job_ends_the_search(tmp_path, job):
    told = []

    def report(trial, known):
        told.append(trial.number)
        if len(told) == job:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, trials=9, method="halving", report=report)
    assert len(told) == job
    run(tmp_path, trials=9, method="halving", report=report)
    assert len(told) == 12


@pytest.mark.parametrize(
    ("step", "number"),
    [
        (step, number)
        if (step, number)
        in {(1, signal.SIGTERM), (20, signal.SIGINT), (24, signal.SIGKILL), (33, signal.SIGINT)}
        else pytest.param(step, number, marks=pytest.mark.slow)
        for step in (1, 20, 24, 33)
        for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
    ],
)
def test_killed_search_goes_on_and_loses_no_finished_trial(tmp_path, number, step):
    worker = start(tmp_path / "killed", "halving", step, number).end()
    assert worker.returncode != 0
    finished = jobs(worker.stdout)
    assert len(finished) < 12
    after = []
    run(
        tmp_path / "killed",
        trials=9,
        method="halving",
        report=lambda t, known: after.append((str(t.number), str(len(t.values)), t.state)),
    )
    assert not set(after) & set(finished)
    assert len(after) + len(finished) >= 12 - 1  # a job may have ended after its report was cut off
    alone, killed = run(tmp_path / "alone", trials=9, method="halving"), Found.load(tmp_path / "killed")
    assert [(t.settings, t.values, t.state) for t in killed.trials] == [
        (t.settings, t.values, t.state) for t in alone.trials
    ]


def test_worker_waits_for_what_others_train(tmp_path):
    """Threads of one process hold locks of their own, so the second must wait for the first's trial of the last rung."""
    found, order = {}, []

    def work(name):
        found[name] = run(
            tmp_path,
            trials=3,
            method="halving",
            report=lambda t, known: order.append((t.number, len(t.values))),
        )

    workers = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found["a"] == found["b"]
    assert len(order) == len(set(order)) == 4


@pytest.mark.slow
def test_halving_comes_within_two_percent_of_a_grid_at_a_quarter_of_its_cost(tmp_path):
    """Five seeds; the task of `python -m benchmarks search`."""
    lines = (sk.shipped("planted") / "text.txt").read_text(encoding="utf-8").splitlines()
    corpus = sk.Corpus.build(lines[:100], "character", add_eos=True)
    valid = Codec.of(corpus).corpus(lines[1000:1060])
    model = sk.LanguageModel(cell="gru", num_layers=1, hidden_size=32, epochs=9, batch=32, bptt=32, threads=1)
    space = {"lr": "1e-3..1:log", "beta1": "0.5..0.99:log-below-1"}

    def search(name, trials, method, **settings):
        return tune(
            model, space, corpus, valid=valid, out=tmp_path / name, trials=trials, method=method, **settings
        )

    grid = search("grid", 64, "grid", method_settings={"points": 8})
    for seed in range(1, 6):
        found = search(str(seed), 54, "halving", seed=seed)
        assert found.units <= 0.25 * grid.units
        assert found.best.value <= 1.02 * grid.best.value


def test_classifier_is_tuned_by_the_same_call(tmp_path):
    texts, labels = ["good film", "very good", "bad film", "very bad"] * 6, [1, 1, 0, 0] * 6
    model = sk.TextClassifier(epochs=2, embed_dim=4, threads=1)
    found = tune(
        model,
        {"lr": "1e-2..1", "batch": None},
        texts,
        labels,
        valid=(texts[:4], labels[:4]),
        out=tmp_path,
        trials=2,
    )
    best = sk.TextClassifier.load(tmp_path)
    assert {name: best.get_params()[name] for name in ("lr", "batch")} == found.best.settings
    assert not list((tmp_path / "trials").glob("*"))
