"""full_softmax: matrix products equal the reference and autograd, on any threads."""

import importlib
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from seqkit.kernels.full_softmax import cpu, reference
from seqkit.kernels.primitives.simd.rows import aligned

spec = importlib.util.spec_from_file_location("window_plans", Path(__file__).with_name("window_plans.py"))
plans = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plans)


@pytest.mark.parametrize(
    "settings", [{}, {"cbow": True}, {"cbow": True, "divide": True}, {"lock": True}, {"window": 1}], ids=str
)
@pytest.mark.parametrize(("dim", "vocab", "batch"), [(1, 30, 7), (20, 30, 64), (16, 5000, 64), (20, 3, 1)])
def test_products_equal_reference_over_many_batches(settings, dim, vocab, batch):
    text = plans.text(vocab=vocab)
    plan = plans.windows(text.ids, vocab, **settings), np.arange(vocab, dtype=np.int32)
    got = plans.matrices(vocab, dim)
    exact = [matrix.astype(np.float64) for matrix in got]
    loss, count = reference.train(text, plan, exact, 0.01, batch=batch)
    fast_loss, fast_count = cpu.train(text, plan, got, 0.01, batch=batch)
    assert count == fast_count
    assert fast_loss == pytest.approx(loss, rel=1e-6, abs=1e-2)
    for want, have in zip(exact, got, strict=True):
        np.testing.assert_allclose(have, want, atol=1e-5)


@pytest.mark.parametrize(
    ("settings", "batch"),
    [({}, 7), ({"cbow": True}, 16), ({"cbow": True, "divide": True, "lock": True}, 5), ({"lock": True}, 64)],
    ids=str,
)
def test_products_of_a_gpu_equal_the_reference(settings, batch, kernels_run_on, monkeypatch):
    gpu = importlib.import_module("seqkit.kernels.full_softmax.gpu")
    resident = importlib.import_module("seqkit.kernels.primitives.resident.gpu")
    monkeypatch.setattr(gpu, "LOGITS", 30 * 3)  # in pieces of three rows
    text = plans.text(tokens=150)._replace(low=9, high=131)
    plan = plans.windows(text.ids, window=3, **settings), np.arange(30, dtype=np.int32) - 1
    got = plans.matrices(dim=7)
    exact = [matrix.astype(np.float64) for matrix in got]
    loss, count = reference.train(text, plan, exact, 0.01, batch=batch)
    held = resident.Resident({"input": got[0], "output": got[1]}, 7, plan, kernels_run_on)
    fast_loss, fast_count = held.train(gpu.train, text, plan[0], 0.01, batch=batch)
    held.parameters.download()
    assert count == fast_count > 40
    assert fast_loss == pytest.approx(loss, rel=1e-6)
    for want, have in zip(exact, got, strict=True):
        np.testing.assert_allclose(have, want, atol=1e-5)


def test_bytes_do_not_depend_on_threads():
    text = plans.text(vocab=5000)
    plan = plans.windows(text.ids, 5000), np.arange(5000, dtype=np.int32)
    results = []
    for threads in (1, 2, 3):
        pair = plans.matrices(5000, 32)
        loss = cpu.train(text, plan, pair, 0.01, threads=threads)
        results.append((loss, pair[0].tobytes(), pair[1].tobytes()))
    assert results[0] == results[1] == results[2]


def test_gradients_equal_autograd():
    import torch

    random = np.random.default_rng(0)
    h, output = aligned(9, 16), aligned(70, 16)
    h[:], output[:] = random.normal(size=h.shape), random.normal(size=output.shape)
    words = random.integers(0, 70, 20)
    ends = np.array([0, 1, 3, 6, 8, 10, 13, 15, 18, 20])
    x, o = torch.tensor(h, requires_grad=True), torch.tensor(output, requires_grad=True)
    rows = np.repeat(np.arange(9), np.diff(ends))
    loss = torch.nn.functional.cross_entropy((x @ o.T)[rows], torch.tensor(words), reduction="sum")
    loss.backward()
    before = output.copy()
    space = aligned(9, cpu.BLOCK).reshape(1, 9, cpu.BLOCK)
    dh, value = cpu._step(h, output, words, ends, np.float32(1.0), space, map)
    assert value == pytest.approx(loss.item(), rel=1e-6)
    np.testing.assert_allclose(dh, x.grad.numpy(), atol=1e-5)
    np.testing.assert_allclose(before - output, o.grad.numpy(), atol=1e-5)
