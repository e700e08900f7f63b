"""How many kernels a GPU would start for a loss of a CRF, its best path, and a training step along 64 steps of time."""

from contextlib import contextmanager

import pytest
import torch

from seqkit.nn.crf import CRF
from shadow.cuda import ShadowCuda

pytest.importorskip("triton", reason="needs the extra gpu")


@contextmanager
def launches(most):
    """Within the block at most so many kernels are started, and nothing is refused or waited for."""
    with ShadowCuda() as shadow:
        yield shadow
        assert not shadow.errors
    assert 0 < shadow.launches <= most, shadow.launches


def crf_and_batch(classes=17, steps=40):
    torch.manual_seed(0)
    place = torch.device("cuda")
    mask = torch.arange(steps) < torch.tensor([steps, 5, 0])[:, None]
    emissions, targets = torch.randn(3, steps, classes), torch.randint(0, classes, (3, steps))
    return CRF(classes).to(place), emissions.to(place).requires_grad_(), targets.to(place), mask.to(place)


def test_loss_of_a_crf_and_its_gradients():
    with launches(10) as shadow:
        crf, emissions, targets, mask = crf_and_batch()
        shadow.clear()
        crf.loss(emissions, targets, mask, all_known=True).backward()
        assert not shadow.waits


def test_best_path_of_a_crf():
    with launches(5) as shadow:
        crf, emissions, _, mask = crf_and_batch()
        shadow.clear()
        crf.decode(emissions, mask)
        assert not shadow.waits


def test_more_labels_than_a_kernel_holds_are_handled_by_torch():
    with launches(100) as shadow:
        crf, emissions, targets, mask = crf_and_batch(65, 3)
        shadow.clear()
        found = crf.loss(emissions, targets, mask, all_known=True)
        crf.decode(emissions, mask)
    assert shadow.launches > 10
    cpu = CRF(65)
    assert found.item() == pytest.approx(cpu.loss(*crf_and_batch_on_cpu(65, 3)).item(), rel=1e-6)


def crf_and_batch_on_cpu(classes, steps):
    torch.manual_seed(0)
    mask = torch.arange(steps) < torch.tensor([steps, 5, 0])[:, None]
    return torch.randn(3, steps, classes), torch.randint(0, classes, (3, steps)), mask
