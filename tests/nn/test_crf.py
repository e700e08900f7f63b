"""The CRF equals enumeration of all label sequences, whatever the mask; barred labels never come; bfloat16 changes nothing."""

import itertools

import numpy as np
import pytest
import torch

from seqkit.core.errors import ShapeError
from seqkit.nn.crf import BARRED, CRF


def make(C, *, seed=0, allowed=None, dtype=torch.float64):
    torch.manual_seed(seed)
    crf = CRF(C, allowed).to(dtype)
    with torch.no_grad():
        for p in crf.parameters():
            p.normal_()
    return crf


def enumerate_paths(crf, emissions, mask):
    """(labels, score) of every sequence of one row, by plain loops over its counted steps."""
    start, stop = (crf.ends + crf.barred[:2]).detach().numpy()
    transition = (crf.transition + crf.barred[2:]).detach().numpy()
    steps = emissions.detach().numpy()[mask.numpy()]
    for labels in itertools.product(range(crf.classes), repeat=len(steps)):
        score = 0.0
        for t, label in enumerate(labels):
            score += steps[t][label] + (start[label] if t == 0 else transition[labels[t - 1], label])
        yield labels, score + (stop[labels[-1]] if labels else 0.0)


MASKS = [
    [[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]],
    [[1, 0, 1, 1], [0, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1]],
    [[0], [1], [1], [0]],
]


@pytest.mark.parametrize("C", [1, 2, 4])
@pytest.mark.parametrize("mask", MASKS, ids=["lengths", "holes", "one step"])
def test_partition_score_best_path_and_marginals_equal_enumeration(C, mask):
    mask = torch.tensor(mask, dtype=torch.bool)
    crf = make(C)
    emissions = torch.randn(*mask.shape, C, dtype=torch.float64).masked_fill(~mask[:, :, None], float("nan"))
    labels = torch.randint(0, C, mask.shape)
    z, scores = crf.log_partition(emissions, mask), crf.score(emissions, labels, mask)
    best, marginals = crf.decode(emissions, mask), crf.marginals(emissions, mask)
    for b in range(len(mask)):
        paths = list(enumerate_paths(crf, emissions[b], mask[b]))
        weights = np.exp([s for _, s in paths])
        assert z[b].item() == pytest.approx(np.log(weights.sum()), abs=1e-10)
        assert scores[b].item() == pytest.approx(dict(paths)[tuple(labels[b][mask[b]].tolist())], abs=1e-10)
        assert tuple(best[b][mask[b]].tolist()) == max(paths, key=lambda path: path[1])[0]
        expected = np.zeros((int(mask[b].sum()), C))
        for (path, _), weight in zip(paths, weights / weights.sum(), strict=True):
            expected[np.arange(len(path)), list(path)] += weight
        np.testing.assert_allclose(marginals[b][mask[b]].numpy(), expected, atol=1e-10)
    assert (best[~mask] == -1).all()
    assert (marginals[~mask] == 0).all()
    assert crf.loss(emissions, labels, mask).item() == pytest.approx((z - scores).sum().item())


def test_unknown_targets_are_summed_over():
    crf, mask = make(3), torch.tensor([[1, 1, 1, 0], [1, 1, 1, 1]], dtype=torch.bool)
    emissions, targets = (
        torch.randn(2, 4, 3, dtype=torch.float64),
        torch.tensor([[2, -1, 0, -1], [-1, -1, -1, -1]]),
    )
    paths = list(enumerate_paths(crf, emissions[0], mask[0]))
    fits = sum(np.exp(s) for path, s in paths if path[0] == 2 and path[2] == 0)
    assert crf.loss(emissions, targets, mask).item() == pytest.approx(
        -np.log(fits / sum(np.exp(s) for _, s in paths))
    )


def test_gradients_are_finite_differences_and_padding_has_none():
    crf, mask = make(3), torch.tensor([[1, 1, 1], [1, 0, 1], [0, 0, 0]], dtype=torch.bool)
    emissions = torch.randn(3, 3, 3, dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([[0, 2, 1], [1, 1, 1], [0, 0, 0]])
    assert torch.autograd.gradcheck(
        lambda *_: crf.loss(emissions, targets, mask), [emissions, *crf.parameters()]
    )
    crf.loss(emissions, targets, mask).backward()
    assert (emissions.grad[~mask] == 0).all()
    assert (emissions.grad[mask] != 0).any()
    for p in crf.parameters():
        assert (p.grad != 0).any()


def test_barred_labels_have_no_share_and_never_come():
    """Label 1 may not begin, 0 may not follow 2, 2 may not end; emissions speak for all of it."""
    allowed = (
        np.array([1, 0, 1], bool),
        np.array([[1, 1, 1], [1, 1, 1], [0, 1, 1]], bool),
        np.array([1, 1, 0], bool),
    )
    crf = make(3, allowed=allowed, dtype=torch.float32)
    emissions = torch.zeros(1, 4, 3)
    emissions[0, 0, 1] = emissions[0, 1, 2] = emissions[0, 2, 0] = emissions[0, 3, 2] = 50.0
    mask = torch.ones(1, 4, dtype=torch.bool)
    best = crf.decode(emissions, mask)[0].tolist()
    assert best[0] != 1
    assert best[3] != 2
    assert (2, 0) not in itertools.pairwise(best)
    marginals = crf.marginals(emissions, mask)[0]
    assert marginals[0, 1] == 0
    assert marginals[3, 2] == 0
    torch.testing.assert_close(marginals.sum(1), torch.ones(4))
    legal = [s for path, s in enumerate_paths(crf, emissions[0], mask[0]) if s > BARRED / 2]
    assert len(legal) < 3**4
    assert crf.log_partition(emissions, mask).item() == pytest.approx(np.logaddexp.reduce(legal), rel=1e-5)


def test_under_autocast_and_from_bfloat16_all_is_computed_in_float32():
    crf = make(
        5, allowed=(np.ones(5, bool), np.triu(np.ones((5, 5), bool)), np.ones(5, bool)), dtype=torch.float32
    )
    emissions, mask = torch.randn(2, 9, 5).bfloat16(), torch.ones(2, 9, dtype=torch.bool)
    targets = torch.arange(5).repeat_interleave(2)[:9].expand(2, 9)
    expected = crf.loss(emissions.float(), targets, mask)
    with torch.autocast("cpu", torch.bfloat16):
        found = crf.loss(emissions, targets, mask)
        assert torch.equal(crf.decode(emissions, mask), crf.decode(emissions.float(), mask))
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_rows_in_a_batch_are_as_they_are_alone():
    crf, lengths = make(4), [7, 1, 0, 4]
    mask = torch.arange(7) < torch.tensor(lengths)[:, None]
    emissions = torch.randn(4, 7, 4, dtype=torch.float64)
    whole, marginals = crf.decode(emissions, mask), crf.marginals(emissions, mask)
    for b, n in enumerate(lengths):
        alone = emissions[b : b + 1, :n], mask[b : b + 1, :n]
        assert torch.equal(crf.decode(*alone)[0], whole[b, :n])
        torch.testing.assert_close(crf.marginals(*alone)[0], marginals[b, :n])
        torch.testing.assert_close(crf.log_partition(*alone)[0], crf.log_partition(emissions, mask)[b])


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match=r"a mask of \(2, 4\), expected \(B, T, 3\)"):
        make(3).log_partition(torch.zeros(2, 5, 3), torch.ones(2, 4, dtype=torch.bool))
