"""word2vec on a GPU: in the interpreter, where programs run one after the other, it is the reference, at odd sizes."""

import importlib
import importlib.util
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from seqkit.kernels.primitives.windows import reference as windows
from seqkit.kernels.word2vec import reference

interpreted = pytest.importorskip("interpreted", reason="needs the extra gpu")
resident = importlib.import_module("seqkit.kernels.primitives.resident.gpu")
gpu = importlib.import_module("seqkit.kernels.word2vec.gpu")
spec = importlib.util.spec_from_file_location("window_plans", Path(__file__).with_name("window_plans.py"))
plans = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plans)

SETTINGS = [
    ({}, 5),
    ({"window": 1, "negatives": 1}, 1),
    ({"window": 9, "negatives": 20, "shrink": False}, 3),
    ({"cbow": True, "negatives": 3}, 37),
    ({"cbow": True, "divide": True, "window": 12, "lock": True}, 7),
    ({"tree": True}, 37),
    ({"tree": True, "cbow": True}, 7),
    ({"lock": True, "subsample": False, "negatives": 8}, 5),
]


def held(pair, dim, plan):
    return resident.Resident({"input": pair[0], "output": pair[1]}, dim, plan, interpreted.DEVICE)


@pytest.mark.parametrize(("settings", "dim"), SETTINGS, ids=str)
def test_kernel_of_a_gpu_equals_the_reference(settings, dim):
    text = plans.text(tokens=110)._replace(low=7, high=42)
    plan = plans.plan(text.ids, **settings)
    pair = plans.matrices(dim=dim)
    exact = [matrix.astype(np.float64) for matrix in pair]
    loss, count = reference.train(text, plan, exact, 0.01)
    here = held(pair, dim, plan)
    fast_loss, fast_count = here.train(gpu.train, text, plan[0], 0.01)
    here.parameters.download()
    assert count == fast_count > 20
    assert fast_loss == pytest.approx(loss, rel=1e-6)
    limit = 1e-5 if interpreted.DEVICE == "cpu" else 1e-2  # compiled, windows see each other's changes late
    for want, have in zip(exact, pair, strict=True):
        np.testing.assert_allclose(have, want, atol=limit)
    assert (pair[0][:, dim:] == 0).all()


def test_kept_tokens_are_those_of_the_cpu():
    cpu = importlib.import_module("seqkit.kernels.primitives.windows.cpu")
    windows_gpu = importlib.import_module("seqkit.kernels.primitives.windows.gpu")
    text = plans.text(tokens=3000)
    plan = plans.plan(text.ids)
    here = held(plans.matrices(), 20, plan)
    (first, last, total), found = cpu.keep(text, 0, 3000, plan[0])
    kept = windows_gpu.keep(here._stretch(text), here.windows)
    assert (first, last) == (0, total)
    for got, want in zip(kept[:3], found, strict=True):
        np.testing.assert_array_equal(got.cpu().numpy(), want[:total])


def test_window_wider_than_is_held_at_once_comes_near():
    text = plans.text(tokens=90)._replace(low=20, high=30)
    plan = plans.plan(text.ids, window=21, shrink=False, negatives=1)
    pair = plans.matrices(dim=4)
    exact = [matrix.astype(np.float64) for matrix in pair]
    loss, count = reference.train(text, plan, exact, 1e-3)
    here = held(pair, 4, plan)
    fast_loss, fast_count = here.train(gpu.train, text, plan[0], 1e-3)
    here.parameters.download()
    assert (fast_count, fast_loss) == (count, pytest.approx(loss, rel=1e-3))
    for want, have in zip(exact, pair, strict=True):
        np.testing.assert_allclose(have, want, atol=1e-3)


def test_epochs_and_stretches_use_one_upload():
    text = plans.text(tokens=31)
    plan = plans.plan(text.ids)
    here, seeds = held(plans.matrices(dim=4), 4, plan), plan[0].seeds
    counts = []
    for epoch in (0, 1):
        windows = plan[0]._replace(seeds=seeds + np.uint64(epoch))
        counts += [
            here.train(gpu.train, text._replace(low=a, high=b), windows, 0.0)[1]
            for a, b in [(0, 17), (17, 31)]
        ]
        assert sum(counts[-2:]) == reference.train(text, (windows, plan[1]), plans.matrices(dim=4), 0.0)[1]
        uploaded = here._text.ids
    assert here._stretch(text).ids is uploaded
    assert counts[:2] != counts[2:]


@pytest.mark.parametrize("tree", [False, True])
def test_crowds_are_how_many_windows_change_a_row(tree):
    text = plans.text(tokens=20_000)._replace(starts=np.array([0, 20_000]))
    plan = plans.plan(text.ids, tree=tree, subsample=False)
    here = held(plans.matrices(), 20, plan)
    kept = gpu.keep(here._stretch(text), here.windows)
    around, out = (rates.cpu().numpy() for rates in gpu.crowds(kept, here.windows, here.targets))
    found, total = np.zeros((2, 30)), 0
    for place, word, context in itertools.islice(windows.windows(text, plan[0]), 3000):
        np.add.at(found[0], context, 1)
        np.add.at(found[1], reference.targets_of(word, place, *plan)[0], 1)
        total += 1
    shares = kept.shares.cpu().numpy()
    noise = 0 if tree else (out - shares) * shares  # what is drawn and left out, as it is the word itself
    np.testing.assert_allclose(out - noise, found[1] / total, atol=0.05)
    np.testing.assert_allclose(around, found[0] / total, atol=0.1)
    assert (out.max() if tree else out.sum() / 6) == pytest.approx(1.0)


def test_rows_of_a_crowd_move_by_a_part_and_a_program_alone_by_all():
    windows_gpu = importlib.import_module("seqkit.kernels.primitives.windows.gpu")
    rates = torch.tensor([1.0, 0.1, 0.0])
    assert windows_gpu.damping(rates, 1).tolist() == [1.0, 1.0, 1.0]
    found = windows_gpu.damping(rates, 41)
    np.testing.assert_allclose(found, [0.05, 0.5, 1.0], rtol=1e-6)


@pytest.mark.parametrize("settings", [{}, {"tree": True}, {"cbow": True}], ids=str)
def test_several_programs_damp_the_rows_that_all_of_them_change(settings, monkeypatch):
    windows_gpu = importlib.import_module("seqkit.kernels.primitives.windows.gpu")
    text = plans.text(tokens=50)
    plan = plans.plan(text.ids, **settings)
    moved = []
    for tokens in (50, 5):
        monkeypatch.setattr(windows_gpu, "TOKENS", tokens)
        pair = plans.matrices(dim=4)
        here, before = held(pair, 4, plan), [matrix.copy() for matrix in pair]
        here.train(gpu.train, text, plan[0], 1e-4)
        here.parameters.download()
        moved.append([np.abs(after - old).sum(1) for after, old in zip(pair, before, strict=True)])
    kept = gpu.keep(here._stretch(text), here.windows)
    for which, rates in enumerate(gpu.crowds(kept, here.windows, here.targets)):
        expected = moved[0][which][: len(rates)] * windows_gpu.damping(rates, 10).cpu().numpy()
        np.testing.assert_allclose(moved[1][which][: len(rates)], expected, rtol=0.02, atol=1e-6)
