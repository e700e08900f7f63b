"""Spaces read what options say, draw what they promise, and refuse with one sentence; each method makes the trials it should."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest

from seqkit.core.errors import OptionError
from seqkit.core.options import option
from seqkit.tuning.space import Choice, Range, Space, parse_space
from seqkit.tuning.trial import Trial, searches


@dataclass(frozen=True)
class Options:
    lr: float = option(0.1, low=0.0, search="1e-4..1:log", help="")
    beta1: float = option(0.9, low=0.0, high=0.999999, search="0.9..0.999:log-below-1", help="")
    dropout: float = option(0.0, low=0.0, high=0.95, help="")
    layers: int = option(1, low=1, help="")
    size: int | None = option(None, low=1, search="32..256:log", help="")
    cell: str = option("lstm", help="")
    kind: Literal["a", "b"] = option("a", help="")
    tie: bool = option(True, help="")
    momentum: float = option(0.9, low=0.0, high=1.0, search="0.9..0.999:log-below-1", help="")


def space(**wanted):
    return Space.of(wanted, [Options], "Model")


def draws(part, count=4000):
    return [Space({"x": part}).draw(3, n)["x"] for n in range(count)]


def test_rate_is_log_uniform_as_the_course_draws_it():
    exponents = np.log10(draws(space(lr=None).parts["lr"]))
    counts, _ = np.histogram(exponents, bins=8, range=(-4, 0))
    np.testing.assert_array_equal(counts, 500)  # r = -4 · rand, evenly by eighths
    assert abs(np.mean(exponents) + 2) < 0.01


def test_one_minus_beta_is_log_uniform():
    exponents = np.log10(1 - np.array(draws(space(beta1=None).parts["beta1"])))
    counts, _ = np.histogram(exponents, bins=4, range=(-3, -1))
    assert (abs(counts - 1000) <= 1).all()


def test_whole_numbers_come_as_often_at_the_ends_as_between():
    counts = np.bincount(draws(Range(1, 4, whole=True)))
    assert counts[0] == 0
    assert (abs(counts[1:] - 1000) < 30).all()


def test_whole_numbers_on_a_log_scale_stay_whole_and_within():
    found = draws(space(size="32..256").parts["size"])
    assert all(isinstance(value, int) for value in found)
    assert (min(found), max(found)) == (32, 256)
    assert abs(np.median(found) - math.sqrt(32 * 256)) < 3


def test_choices_are_drawn_evenly():
    found = draws(space(cell="gru,lstm").parts["cell"])
    assert found.count("gru") == found.count("lstm") == 2000


def test_eight_draws_in_a_row_lie_in_all_eighths():
    for start in (0, 8, 80):
        places = [Space({"x": Range(0, 8)}).draw(5, n)["x"] for n in range(start, start + 8)]
        assert sorted(map(int, places)) == list(range(8))


def test_draws_depend_on_seed_number_and_name_alone():
    alone, beside = space(lr=None), space(dropout=None, lr=None)
    assert [alone.draw(1, n)["lr"] for n in range(9)] == [beside.draw(1, n)["lr"] for n in range(9)]
    assert alone.draw(1, 0) != alone.draw(2, 0)
    assert (
        abs(
            np.corrcoef(
                [[*Space({"a": Range(0, 1), "b": Range(0, 1)}).draw(1, n).values()] for n in range(2000)],
                rowvar=False,
            )[0, 1]
        )
        < 0.06
    )


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("lr", None, "0.0001..1:log"),
        ("lr", "1e-3..1e-2", "0.001..0.01:log"),  # the option's own scale
        ("lr", "0..1:linear", "0..1"),
        ("dropout", None, "0..0.95"),
        ("layers", "1..4", "1..4"),
        ("kind", None, "a,b"),
        ("tie", None, "false,true"),
        ("size", "null,64,1e2", "null,64,100"),
        ("cell", ["gru", "lstm"], "gru,lstm"),
    ],
)
def test_space_comes_from_the_option(name, text, part):
    assert space(**{name: text}).to_json() == {name: part}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("lrr", None, r"space: Model has no setting 'lrr'\. Did you mean 'lr'\?"),
        ("lr", "1..0.1", r"lr=1\.\.0\.1: the range is empty\. Put the smaller end first"),
        ("lr", "0..1", r"a log range cannot begin at 0\. Begin above 0, or add :linear"),
        ("lr", "-1..1", r"too wide, expected lr at least 0\. Change its ends"),
        ("dropout", "0..1", r"too wide, expected dropout at least 0 and at most 0\.95"),
        ("momentum", "0.9..1", r"in the log of 1 - momentum cannot reach 1\. End below 1, or add :linear"),
        ("lr", "1..2:lg", r"got scale 'lg', expected one of linear, log, log-below-1\. Did you mean 'log'\?"),
        ("layers", "1..2.5", r"expected low\.\.high in whole numbers"),
        ("lr", "a..b", r"expected low\.\.high in numbers"),
        ("lr", "1..nan", r"expected low\.\.high in numbers"),
        ("cell", "1..2", r"cell is not a number\. Give values like a,b"),
        ("cell", None, r"cell has no range of its own\. Give one"),
    ],
)
def test_bad_range_is_refused_with_the_way_out(name, text, message):
    with pytest.raises(OptionError, match=message):
        space(**{name: text})


def test_space_of_nothing_is_refused():
    with pytest.raises(
        OptionError, match=r"got no setting to search\. Give one of Model, such as lr=1e-4\.\.1"
    ):
        space()


@pytest.mark.parametrize(
    "part", [Range(1e-4, 1, "log"), Range(0.9, 0.999, "log-below-1"), Range(-1, 3), Range(1, 9, whole=True)]
)
def test_places_and_numbers_are_inverse(part):
    for place in (0.0, 0.2, 0.75, 1.0):
        assert part.at(part.place(part.at(place))) == pytest.approx(part.at(place))
    assert (part.at(0.0), part.at(1.0)) == (part.low, part.high)


def test_box_around_settings_holds_them_with_a_margin_within_the_range():
    box = Space({"lr": Range(1e-4, 1, "log"), "cell": Choice(("a", "b", "c"))}).around(
        [{"lr": 1e-3, "cell": "a"}, {"lr": 1.0, "cell": "c"}], 0.125
    )
    assert box.parts["lr"].low == pytest.approx(10**-3.5)
    assert box.parts["lr"].high == 1
    assert box.parts["cell"].values == ("a", "c")


def test_texts_of_a_space_are_split_at_the_first_equals_sign():
    assert parse_space(["lr", "clip=null,1", "x=a=b"]) == {"lr": None, "clip": "null,1", "x": "a=b"}


# methods: a search of `value` by one worker that trains each job at once


def search(name, value, trials, epochs=9, seed=1, fail=lambda settings: False, **settings):
    method, where = searches.load(name)(**settings), Space({"x": Range(0.0, 1.0), "y": Range(0.0, 1.0)})
    method.check(where, trials, epochs)
    known, made = [], []
    while jobs := method.jobs(where, trials, epochs, seed, known):
        job = jobs[0]
        old = known[job.number].values if job.number < len(known) else ()
        assert job.number <= len(known)
        new = Trial(
            job.number,
            job.settings,
            "done" if job.epochs == epochs else "open",
            tuple(value(job.settings) + 1 / e for e in range(1, job.epochs + 1)),
        )
        if fail(job.settings):
            new = Trial(job.number, job.settings, "failed", error="nan")
        made.append((job.number, len(old), job.epochs))
        known[job.number : job.number + 1] = [new]
    return known, made


def far(settings):
    return (settings["x"] - 0.8) ** 2 + 0.01 * settings["y"]


@pytest.mark.parametrize("name", searches.names())
def test_every_method_makes_all_trials_and_ends(name):
    known, made = search(name, far, 16)
    assert [t.number for t in known] == list(range(16))
    assert len(made) >= 16
    assert search(name, far, 16)[0] == known


@pytest.mark.parametrize("name", searches.names())
def test_every_method_goes_on_where_it_was_killed(name):
    method, where = searches.load(name)(), Space({"x": Range(0.0, 1.0), "y": Range(0.0, 1.0)})
    (first, *_) = method.jobs(where, 16, 9, 1, [])
    again = method.jobs(where, 16, 9, 1, [Trial(0, first.settings)])
    assert again[0] == first
    assert [job.number for job in again] == sorted({job.number for job in again})


@pytest.mark.parametrize("name", searches.names())
def test_every_method_ends_when_all_trials_fail(name):
    known, _ = search(name, far, 16, fail=lambda settings: True)
    assert [t.state for t in known] == ["failed"] * 16


def test_random_trials_stay_the_same_when_more_are_asked_for():
    assert search("random", far, 20)[0][:8] == search("random", far, 8)[0]


def test_halving_trains_as_many_epochs_as_its_rungs_say_and_keeps_the_best():
    known, made = search("halving", far, 27)
    assert sum(epochs - before for _, before, epochs in made) == 27 * 1 + 9 * 2 + 3 * 6
    by_value = sorted(range(27), key=lambda n: far(known[n].settings))
    assert sorted(t.number for t in known if t.state == "done") == sorted(by_value[:3])
    assert sorted(searches.load("halving")().dropped(27, 9, known)) == sorted(by_value[3:])


@pytest.mark.parametrize(
    ("trials", "epochs", "eta", "rungs"),
    [
        (27, 9, 3, [(27, 1), (9, 3), (3, 9)]),
        (8, 8, 2, [(8, 1), (4, 2), (2, 4), (1, 8)]),
        (20, 5, 3, [(20, 2), (6, 5)]),
        (4, 100, 3, [(4, 34), (1, 100)]),
    ],
)
def test_rungs_fit_trials_and_epochs(trials, epochs, eta, rungs):
    assert searches.load("halving")(eta).rungs(trials, epochs) == rungs


def test_halving_is_not_over_while_a_worker_has_yet_to_end_its_last_epoch():
    known = [
        Trial(n, {"x": n / 3}, "dropped" if n else "open", (float(n),) * (1 if n else 3)) for n in range(3)
    ]
    (job,) = searches.load("halving")().jobs(Space({"x": Range(0.0, 1.0)}), 3, 3, 1, known)
    assert (job.number, job.epochs) == (0, 3)


def test_halving_goes_on_with_the_others_when_some_fail():
    known, _ = search("halving", far, 9, fail=lambda settings: settings["x"] > 0.5)
    (done,) = [t for t in known if t.state == "done"]
    assert far(done.settings) == min(far(t.settings) for t in known if t.settings["x"] <= 0.5)


def test_coarse_to_fine_looks_where_the_best_were():
    known, _ = search("coarse-to-fine", far, 32)
    coarse, fine = [t.settings["x"] for t in known[:16]], [t.settings["x"] for t in known[16:]]
    assert np.ptp(coarse) > 0.8
    best = sorted(known[:16], key=lambda t: far(t.settings))[:4]
    assert min(t.settings["x"] for t in best) - 0.05 <= min(fine)
    assert max(fine) <= max(t.settings["x"] for t in best) + 0.05
    assert min(map(far, (t.settings for t in known[16:]))) < min(map(far, (t.settings for t in known[:16])))


def test_grid_has_both_ends_and_every_combination():
    known, _ = search("grid", far, 9, points=3)
    assert [(t.settings["x"], t.settings["y"]) for t in known] == [
        (x, y) for x in (0.0, 0.5, 1.0) for y in (0.0, 0.5, 1.0)
    ]


@pytest.mark.parametrize(
    ("name", "trials", "epochs", "message"),
    [
        ("halving", 2, 9, "halving: got 9 epochs and 2 trials, expected at least 3 of each"),
        ("halving", 9, 2, "halving: got 2 epochs and 9 trials"),
        ("coarse-to-fine", 3, 9, "coarse-to-fine: got 3 trials for 2 rounds, expected at least 4"),
        ("grid", 5, 9, "grid: got 5 trials, expected 16"),
    ],
)
def test_search_that_a_method_cannot_make_is_refused(name, trials, epochs, message):
    with pytest.raises(OptionError, match=message):
        search(name, far, trials, epochs)


def test_halving_refuses_to_search_epochs():
    with pytest.raises(OptionError, match="got epochs in the space, but rungs compare trials by epochs"):
        searches.load("halving")().check(Space({"epochs": Range(1, 9, whole=True)}), 9, 9)


def test_unknown_method_is_refused():
    with pytest.raises(
        OptionError,
        match=r"unknown search method 'halfing'; known: coarse-to-fine, grid, halving, random\. Did you mean 'halving'\?",
    ):
        searches.load("halfing")
