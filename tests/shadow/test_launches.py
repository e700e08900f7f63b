"""How many kernels a GPU would start for a loss of a CRF, its best path, and a training step along 64 steps of time."""

from contextlib import contextmanager
from unittest import mock

import pytest
import torch

import seqkit as sk
from seqkit.kernels.primitives.recording import gpu as recording
from seqkit.kernels.primitives.recording.gpu import Recording
from seqkit.kernels.rnn_scan import recorded
from seqkit.kernels.rnn_scan.fused import families
from seqkit.nn.cell import cell as make_cell
from seqkit.nn.cell import cells
from seqkit.nn.crf import CRF
from seqkit.train.gradient.learner import GradientLearner
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


def step(cell, steps, *, deterministic=False):
    """Kernels started by a language model's training step of two layers, the first step, which makes buffers, left out."""
    started, _ = trained(cell, steps, deterministic=deterministic)
    return max(started[1:])


def trained(cell, steps, *, deterministic=False, recorded_from=1 << 30, **more):
    """Kernels started by each training step of a language model of two layers, and its weights then."""
    line = " ".join("abcdefgh"[i % 8] for i in range(2 * steps))
    corpus = sk.Corpus.build([line, line], "whitespace", add_eos=True)
    started, run = [], GradientLearner.step
    settings = {"cell": cell, "hidden_size": 8, "num_layers": 2, "batch": 2, "bptt": steps, "epochs": 1}
    recorded.forget()
    with ShadowCuda() as shadow:

        def watched(*arguments):
            before = shadow.launches
            loss = run(*arguments)
            started.append(shadow.launches - before)
            return loss

        torch.use_deterministic_algorithms(deterministic)
        try:
            with (
                mock.patch.object(GradientLearner, "step", watched),
                mock.patch.object(recorded, "OFTEN", recorded_from),
            ):
                model = sk.LanguageModel(**settings | more, device="cuda").fit(corpus)
        finally:
            torch.use_deterministic_algorithms(False)
        weights = [p.cpu() for p in model.network.parameters()]
    assert not shadow.errors
    return started, weights


# before: 6,637, 10,619 and 4,703; the others had as many under deterministic algorithms
CELLS = [("peephole-lstm", False), ("layer-norm-lstm", False), ("gru-before", False)] + [
    (name, True) for name in ("lstm", "gru", "rnn", "relu-rnn")
]


@pytest.mark.parametrize(("cell", "deterministic"), CELLS)
def test_training_step_along_64_steps_of_time(cell, deterministic):
    """Counted along 3 and 5 steps: each step of time starts as many."""
    few, more = (step(cell, steps, deterministic=deterministic) for steps in (3, 5))
    assert more - few == 2 * 2 * 4  # two layers: a product and a pass each way
    assert more + (64 - 5) * 2 * 4 <= 600


def test_windows_of_one_length_are_recorded_and_give_the_same_numbers():
    settings = {"epochs": 2, "precision": "bfloat16", "learned_state": True}
    _, plain = trained("peephole-lstm", 2, **settings)
    started, weights = trained("peephole-lstm", 2, recorded_from=1, **settings)
    assert all(map(torch.equal, plain, weights))
    assert started[-1] <= 120  # whatever the number of steps of time
    assert not recorded._free  # training has ended


def test_what_cannot_be_recorded_is_done_kernel_by_kernel(monkeypatch):
    def record(work, device):
        raise RuntimeError("operation not permitted when stream is capturing")

    done = []
    monkeypatch.setattr(recording, "record", record)
    monkeypatch.setattr(Recording, "possible", True)
    work = Recording(lambda: done.append(1), torch.device("cuda"))
    work()
    with pytest.warns(UserWarning, match="one by one"):
        work()
    work()
    Recording(lambda: done.append(2), "cuda")()
    assert done == [1, 1, 1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["peephole-lstm", "layer-norm-lstm", "gru-before"])
def test_training_step_along_64_steps_of_time_is_counted_whole(cell):
    assert step(cell, 64) == step(cell, 3) + 61 * 2 * 4 <= 600


@pytest.mark.parametrize("cell", [n for n in cells.names() if cells.load(n).family in families.names()])
def test_lengths_cost_no_kernel_a_step(cell):
    counted = []
    for steps in (3, 6):
        with ShadowCuda() as shadow:
            place = torch.device("cuda")
            made, x = make_cell(cell, 3, 4).to(place), torch.randn(2, steps, 3).to(place)
            for lengths in (None, torch.tensor([steps, 1])):
                shadow.clear()
                y, _ = made(x, lengths=lengths, backend="fused")
                y.sum().backward()
                counted.append(shadow.launches)
                assert not shadow.waits
        assert not shadow.errors
    plain, ragged, longer, longer_ragged = counted
    assert longer - plain == longer_ragged - ragged == 3 * 4


@pytest.mark.parametrize(
    "settings",
    [
        {"top_k": 3},
        {"top_p": 0.8, "repetition_penalty": 1.3, "stop_at_eos": True, "min_length": 9},
        {"temperature": 0.0, "no_repeat_ngram": 4},
    ],
)
def test_written_tokens_are_recorded_and_those_of_a_cpu(settings):
    line = " ".join("abcdefgh"[i * i % 7] for i in range(9))
    corpus = sk.Corpus.build([line] * 3, "whitespace", add_eos=True)
    model = sk.LanguageModel(cell="gru", hidden_size=8, batch=2, bptt=4, epochs=1, device="cpu").fit(corpus)
    wanted = model.sample("a", seeds=range(5), length=200, scores=True, **settings)
    with ShadowCuda() as shadow:
        model.network.to(torch.device("cuda"))
        shadow.clear()
        found = model.sample("a", seeds=range(5), length=200, scores=True, **settings)
    assert not shadow.errors
    assert [one.ids for one in found] == [one.ids for one in wanted]
    assert [one.log_prob for one in found] == pytest.approx([one.log_prob for one in wanted], rel=1e-5)
    assert (
        shadow.launches <= 200 + 600
    )  # one a token, and what begins and ends a stretch; one by one: 62 and more
