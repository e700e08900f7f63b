"""The CRF's kernels of a GPU equal the reference: values, gradients, best paths with their ties."""

import importlib

import pytest
import torch
from covering import covering

from seqkit.kernels.crf import reference

pytest.importorskip("triton", reason="needs the extra gpu")
interpreted = importlib.import_module("interpreted")
gpu = importlib.import_module("seqkit.kernels.crf.gpu")
chain = importlib.import_module("seqkit.kernels.crf.chain")

SIZES = [(1, 1, 1), (3, 7, 5), (4, 9, 17), (2, 33, 3), (2, 3, 64)]
KINDS = [gpu.FREE, gpu.LOSS, gpu.HELD]
CASES = [{}, {"holes": True}, {"barred": True}]


def drawn(rows, steps, classes, *, barred=False, holes=False):
    """Emissions, mask, transition, ends, targets; what is masked is nan."""
    with torch.random.fork_rng():
        torch.manual_seed(steps + classes)
        lengths = torch.randint(0, steps + 1, (rows,))
        lengths[0] = steps
        mask = torch.arange(steps) < lengths[:, None]
        if holes:
            mask &= torch.rand(mask.shape) < 0.6
        emissions = 2 * torch.randn(rows, steps, classes)
        transition, ends = torch.randn(classes, classes), torch.randn(2, classes)
        targets = torch.randint(0, classes, mask.shape)
    if barred:
        transition[torch.arange(classes) % 3 == 1, : classes // 2] = reference.BARRED
        ends[:, classes // 2 :] += reference.BARRED
    return emissions.masked_fill(~mask[:, :, None], float("nan")), mask, transition, ends, targets


def by_kernel(kind, given, upstream):
    """The result of each row and the gradients."""
    given = [each.to(interpreted.DEVICE) for each in given]
    leaves = [given[i].requires_grad_() for i in (0, 2, 3)]
    out = chain._Partition.apply(*given, kind)
    return [each.cpu() for each in (out, *torch.autograd.grad(out, leaves, upstream.to(out.device)))]


def by_reference(kind, given, upstream):
    emissions, mask, transition, ends, targets = given
    emissions, transition, ends = leaves = [
        each.double().requires_grad_() for each in (emissions, transition, ends)
    ]
    if kind == gpu.LOSS:
        out = reference.loss(emissions, targets, mask, transition, ends, all_known=True)
    else:
        x = reference.held(emissions, targets) if kind == gpu.HELD else emissions
        out = reference.log_partition(x, mask, transition, ends)
    return [
        out,
        *torch.autograd.grad(out, leaves, upstream.double(), allow_unused=True, materialize_grads=True),
    ]


@pytest.mark.parametrize(("case", "kind", "size"), covering(CASES, KINDS, SIZES), ids=str)
def test_results_and_gradients_equal_the_reference(size, kind, case):
    given, upstream = list(drawn(*size, **case)), torch.arange(1.0, size[0] + 1)
    if kind == gpu.HELD:
        given[4][:, ::2] = -1
    found, wanted = by_kernel(kind, given, upstream), by_reference(kind, given, upstream)
    # a held label that is barred stands beside others at 1e4 nats, where float32 has steps of 1e-3
    close = 2e-3 if kind == gpu.HELD and case.get("barred") else 1e-5
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other.float(), rtol=close, atol=close)
    assert (found[1][~given[1]] == 0).all()


def test_long_sentence_is_as_exact_as_a_short_one():
    given = drawn(1, 300, 3)
    upstream = torch.ones(1)
    for one, other in zip(*(by(gpu.LOSS, given, upstream) for by in (by_kernel, by_reference)), strict=True):
        torch.testing.assert_close(one, other.float(), rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_best_path_is_that_of_the_reference_ties_too(size, case):
    emissions, mask, transition, ends, _ = drawn(*size, **case)
    for given in (
        [emissions, mask, transition, ends],
        [emissions.round(), mask, transition.round(), ends.round()],
        [torch.zeros_like(emissions), mask, torch.zeros_like(transition), torch.zeros_like(ends)],
    ):
        found = gpu.viterbi(*(each.to(interpreted.DEVICE) for each in given)).cpu()
        assert torch.equal(found, reference.viterbi(*given))


def test_no_rows_and_no_steps():
    for rows, steps in ((0, 3), (2, 0)):
        emissions, mask = torch.zeros(rows, steps, 4), torch.zeros(rows, steps, dtype=torch.bool)
        given = [
            each.to(interpreted.DEVICE) for each in (emissions, mask, torch.ones(4, 4), torch.ones(2, 4))
        ]
        targets = torch.zeros(rows, steps, dtype=torch.int64)
        found = by_kernel(gpu.LOSS, (*given, targets), torch.ones(rows))
        assert not any(each.any() for each in found)
        assert gpu.viterbi(*given).shape == (rows, steps)


def test_target_that_is_no_label_gives_no_number():
    *given, targets = drawn(2, 4, 3)
    targets[0, 1] = 3
    assert by_kernel(gpu.LOSS, (*given, targets), torch.ones(2))[0].isnan().tolist() == [True, False]
