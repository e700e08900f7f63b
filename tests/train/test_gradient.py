"""GradientLearner makes the updates of a plain torch loop, and the same bytes after a stop at any step."""

import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from train.toy_module import Streams, Tiny

from seqkit.core.errors import ModelFileError, OptionError, TrainingError
from seqkit.train.checkpoint import Checkpoint
from seqkit.train.gradient.learner import GradientLearner
from seqkit.train.gradient.options import GradientOptions
from seqkit.train.loop import fit
from seqkit.train.schedule import cosine

OPTIMIZERS = ["sgd", "momentum", "rmsprop", "adam", "adamw", "asgd"]
TORCH = {  # the optimiser that torch users would write
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.1),
    "momentum": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9),
    "rmsprop": lambda groups: torch.optim.RMSprop(groups, lr=0.1, alpha=0.99, eps=1e-8),
    "adam": lambda groups: torch.optim.Adam(groups, lr=0.1),
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.1),
    "asgd": lambda groups: torch.optim.SGD(groups, lr=0.1),
}


@pytest.fixture(autouse=True)
def _one_thread():
    """So that small tensors do not wait for busy cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Line(torch.nn.Module):
    """Least squares; the batch is (x, y)."""

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.linear = torch.nn.Linear(3, 2)

    def loss(self, batch, carry, step):
        x, y = batch
        return ((self.linear(x) - y) ** 2).sum(), len(x), None


def data(number, rows=8):
    generator = torch.Generator().manual_seed(number)
    return torch.randn(rows, 3, generator=generator), torch.randn(rows, 2, generator=generator) * 5


def weights(module):
    return {name: p.detach().clone() for name, p in module.named_parameters()}


def assert_close(module, other, **tolerance):
    for (name, p), q in zip(module.named_parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(p, q, msg=lambda text, name=name: f"{name}: {text}", **tolerance)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_updates_are_those_of_a_plain_torch_loop(optimizer):
    ours, theirs = Line(), Line()
    options = GradientOptions(optimizer=optimizer, weight_decay=0.01, clip=0.5, nonmono=0)
    learner = GradientLearner(ours, options)
    named = dict(theirs.named_parameters())
    torch_optimizer = TORCH[optimizer](
        [
            {"params": [named["linear.weight"]], "weight_decay": 0.01},
            {"params": [named["linear.bias"]], "weight_decay": 0.0},
        ]
    )
    for number in range(20):
        lr = 0.1 / (1 + number)
        loss = learner.step(data(number), lr)
        x, y = data(number)
        torch_optimizer.zero_grad()
        mean = ((theirs.linear(x) - y) ** 2).sum() / len(x)
        mean.backward()
        norm = torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)
        assert norm > 0.5  # or clipping was not tested
        for group in torch_optimizer.param_groups:
            group["lr"] = lr
        torch_optimizer.step()
        assert loss.count == 8
        assert loss.mean == pytest.approx(mean.item(), rel=1e-6)
    assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_clip_value_and_l1_are_applied_after_the_norm_and_not_to_biases():
    module = Line()
    before = weights(module)
    x, y = data(1)
    learner = GradientLearner(module, GradientOptions(optimizer="sgd", clip=2.0, clip_value=0.5, l1=0.05))
    learner.step((x, y), 0.1)
    reference = Line()
    (((reference.linear(x) - y) ** 2).sum() / 8).backward()
    norm = math.sqrt(sum(float((p.grad.double() ** 2).sum()) for p in reference.parameters()))
    for name, p in reference.named_parameters():
        gradient = np.clip(p.grad.double().numpy() * 2.0 / norm, -0.5, 0.5)
        assert np.abs(p.grad.numpy() * 2.0 / norm).max() > 0.5  # or clip_value was not tested
        if name == "linear.weight":
            gradient = gradient + 0.05 * np.sign(before[name].numpy())
        expected = before[name].double().numpy() - 0.1 * gradient
        np.testing.assert_allclose(
            dict(module.named_parameters())[name].detach().numpy(), expected, atol=1e-6
        )


@pytest.mark.parametrize("limits", [{}, {"clip": 0.0, "clip_value": 0.0}, {"clip": 1e9}])
def test_without_a_limit_the_gradient_is_the_mean_over_predictions(limits):
    module, reference = Line(), Line()
    GradientLearner(module, GradientOptions(optimizer="sgd", **limits)).step(data(2), 0.1)
    x, y = data(2)
    (((reference.linear(x) - y) ** 2).sum() / 8).backward()
    with torch.no_grad():
        for p in reference.parameters():
            p.sub_(0.1 * p.grad)
    assert_close(module, reference, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_accumulated_uneven_steps_are_one_large_step(optimizer):
    large, small = Line(), Line()
    settings = {"optimizer": optimizer, "clip": 1.0}
    one, many = (
        GradientLearner(large, GradientOptions(**settings)),
        GradientLearner(small, GradientOptions(accumulate=3, **settings)),
    )
    for number in range(4):
        x, y = data(number, rows=12)
        whole = one.step((x, y), 0.1)
        parts = [many.step((x[low:high], y[low:high]), 0.1) for low, high in ((0, 1), (1, 8), (8, 12))]
        assert sum(part.count for part in parts) == whole.count
        assert sum(part.total for part in parts) == pytest.approx(whole.total, rel=1e-5)
    assert_close(small, large, rtol=1e-4, atol=1e-5)


def test_finish_updates_with_what_is_left_of_an_accumulation():
    whole, cut = Line(), Line()
    GradientLearner(whole, GradientOptions(optimizer="sgd")).step(data(1), 0.1)
    learner = GradientLearner(cut, GradientOptions(optimizer="sgd", accumulate=4))
    before = weights(cut)
    learner.step(data(1), 0.1)
    assert all(torch.equal(p, before[name]) for name, p in cut.named_parameters())
    learner.finish()
    assert_close(cut, whole, rtol=0, atol=0)
    learner.finish()  # nothing is left
    assert_close(cut, whole, rtol=0, atol=0)


def test_carry_goes_from_step_to_step_and_is_dropped_where_a_text_begins():
    alone, chunked = Tiny(dropout=0.0), Tiny(dropout=0.0)
    learner = GradientLearner(chunked, GradientOptions(optimizer="sgd"))
    streams = Streams(rows=3, length=23)
    expected = []
    for _ in range(2):  # a second epoch must begin as the first
        carry = None
        for batch, _ in streams.epoch(0):
            total, _, carry = alone.loss(batch, carry if not batch.first else None, 0)
            expected.append(total.item())
            carry = tuple(c.detach() for c in carry)
    found = [learner.step(batch, 1e-30).total for _ in range(2) for batch, _ in streams.epoch(0)]
    assert found == pytest.approx(expected, rel=1e-6)
    assert chunked.steps == list(range(10))


def test_module_left_in_eval_mode_by_a_validation_is_trained_in_training_mode():
    module = Tiny()
    learner, (batch, _) = GradientLearner(module), next(Streams().epoch(0))
    module.eval()
    learner.step(batch, 0.1)
    assert module.training


def test_gradients_survive_a_foreign_zero_grad():
    module, reference = Line(), Line()
    learner, other = (GradientLearner(m, GradientOptions(optimizer="sgd")) for m in (module, reference))
    module.zero_grad(set_to_none=True)
    learner.step(data(1), 0.1)
    other.step(data(1), 0.1)
    assert_close(module, reference, rtol=0, atol=0)


@pytest.mark.parametrize("batch", [None, (torch.zeros(0, 3), torch.zeros(0, 2))])
def test_batch_without_a_prediction_changes_nothing(batch):
    module = Line()
    before, learner = weights(module), GradientLearner(module, GradientOptions(weight_decay=0.1, l1=0.1))
    loss = learner.step(batch, 0.1)
    assert (loss.total, loss.count) == (0.0, 0)
    assert all(torch.equal(p, before[name]) for name, p in module.named_parameters())


def run(module, options, *, epochs=3, values=(4.0, 4.5, 4.2), stop=None, checkpoint=None, resume=False):
    """Train; `values` are what validation gives; raise after `stop` steps."""
    learner, made = GradientLearner(module, options), [0]

    def report(progress):
        made[0] += 1
        if made[0] == stop:
            raise InterruptedError

    def validate():
        module.eval()
        return values[report_epoch()]

    def report_epoch():
        return learner.steps // 5 - 1

    history = fit(
        learner,
        Streams(),
        epochs=epochs,
        schedule=cosine(0.05, warmup=0.2),
        validate=validate,
        checkpoint=checkpoint,
        resume=resume,
        report=report,
    )
    return learner, history


def assert_same_bytes(found, expected):
    assert found.keys() == expected.keys()
    for name in expected:
        assert (found[name].dtype, found[name].shape) == (expected[name].dtype, expected[name].shape), name
        assert found[name].tobytes() == expected[name].tobytes(), name


@pytest.mark.parametrize("accumulate", [1, 3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_law_resumed_run_ends_in_the_bytes_of_an_uninterrupted_one(tmp_path, optimizer, accumulate):
    options = GradientOptions(
        optimizer=optimizer, clip=0.3, weight_decay=1e-3, accumulate=accumulate, nonmono=0
    )
    whole, history = run(Tiny(), options)
    if optimizer == "asgd":  # from the second epoch on
        assert "average.cell.weight" in whole.state()  # or the averages were not tested
    for stop in {1: (2, 6, 13), 3: (3, 7, 12)}[
        accumulate
    ]:  # within epochs, at their ends, with and without gradients held
        checkpoint = Checkpoint(tmp_path / f"{stop}", seconds=0.0)
        with pytest.raises(InterruptedError):
            run(Tiny(), options, stop=stop, checkpoint=checkpoint)
        resumed, again = run(Tiny(seed=99), options, checkpoint=checkpoint, resume=True)
        assert_same_bytes(resumed.state(), whole.state())
        assert [(e.loss, e.validation) for e in again] == [(e.loss, e.validation) for e in history]


def test_positive_control_a_state_without_its_carry_ends_in_other_bytes(tmp_path):
    whole, _ = run(Tiny(), GradientOptions())
    checkpoint = Checkpoint(tmp_path / "run", seconds=0.0)
    with pytest.raises(InterruptedError):
        run(Tiny(), GradientOptions(), stop=8, checkpoint=checkpoint)
    signature = Streams().signature | {"epochs": 3} | whole.signature
    arrays, place = checkpoint.load(signature)
    checkpoint.save({name: a for name, a in arrays.items() if name != "carry.0"}, place, signature)
    resumed, _ = run(Tiny(), GradientOptions(), checkpoint=checkpoint, resume=True)
    assert resumed.state()["weights.cell.weight"].tobytes() != whole.state()["weights.cell.weight"].tobytes()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_carry_comes_back_in_its_own_dtype(tmp_path, dtype):
    learner = GradientLearner(Tiny(carry_dtype=dtype))
    batch, _ = next(Streams().epoch(0))
    learner.step(batch, 0.1)
    Checkpoint(tmp_path).save(learner.state(), *_place())
    arrays, _ = Checkpoint(tmp_path).load({})
    other = GradientLearner(Tiny(carry_dtype=dtype))
    other.restore(arrays)
    assert other.carry[0].dtype == dtype
    assert torch.equal(other.carry[0], learner.carry[0])


def _place():
    from seqkit.train.progress import Place

    return Place(), {}


def test_state_names_tied_weights_once_and_frozen_and_buffers_too():
    learner = GradientLearner(Tiny())
    batch, _ = next(Streams().epoch(0))
    learner.step(batch, 0.1)
    kept = {"weights": ["embedding.weight", "cell.weight", "cell.bias", "out.bias", "calls"]}
    trained = ["embedding.weight", "cell.weight", "cell.bias"]
    names = [f"weights.{name}" for name in kept["weights"]]
    names += [f"optimizer.{name}.{key}" for name in trained for key in ("step", "exp_avg", "exp_avg_sq")]
    assert sorted(learner.state()) == sorted([*names, "steps", "lr", "carry.0"])


def test_tied_weights_stay_tied_after_a_restore():
    learner, other = GradientLearner(Tiny()), Tiny(seed=9)
    GradientLearner(other).restore(learner.state())
    assert other.out.weight is other.embedding.weight
    assert torch.equal(other.out.weight, learner.module.out.weight)


def test_average_begins_when_the_validation_is_worse_than_all_but_the_last_and_is_the_mean_from_there():
    module, seen = Line(), []
    learner = GradientLearner(module, GradientOptions(optimizer="asgd", nonmono=2))
    values, begun = [], None
    for number, value in enumerate([5.0, 4.0, 4.9, 4.8, 4.7, 4.6]):
        learner.step(data(number), 0.05)
        values.append(value)
        learner.observe(values)
        if (
            begun is None and len(values) > 3 and value > min(values[:-3])
        ):  # awd-lstm-lm: val > min(earlier[:-nonmono])
            begun, seen = number, []
        seen.append(weights(module))
    assert begun == 4
    raw = weights(module)
    with learner.averaged():
        for name, p in module.named_parameters():
            torch.testing.assert_close(p.detach(), torch.stack([w[name] for w in seen]).mean(0))
            assert not torch.equal(p, raw[name])
    assert all(torch.equal(p, raw[name]) for name, p in module.named_parameters())


def test_without_a_trigger_or_another_optimizer_averaged_changes_nothing():
    for optimizer in OPTIMIZERS:
        learner = GradientLearner(Line(), GradientOptions(optimizer=optimizer, nonmono=0))
        values = [5.0, 4.0, 3.0] if optimizer == "asgd" else [3.0, 4.0, 5.0]
        for number in range(1, 4):
            learner.observe(values[:number])
        learner.step(data(1), 0.1)
        raw = weights(learner.module)
        with learner.averaged():
            assert all(torch.equal(p, raw[name]) for name, p in learner.module.named_parameters())


def test_averaged_puts_the_weights_back_after_an_error():
    learner = GradientLearner(Line(), GradientOptions(optimizer="asgd", nonmono=0))
    learner.observe([1.0, 2.0])
    learner.step(data(1), 0.1)
    raw = weights(learner.module)
    with pytest.raises(RuntimeError), learner.averaged():
        raise RuntimeError
    assert all(torch.equal(p, raw[name]) for name, p in learner.module.named_parameters())


class Broken(Line):
    """Its loss is finite, its gradient is not: d√x/dx at 0."""

    def loss(self, batch, carry, step):
        total, count, _ = super().loss(batch, carry, step)
        return total + (torch.sqrt(self.linear.bias * 0).sum() if step == 2 else 0), count, None


def test_gradient_that_is_not_finite_stops_before_the_update_and_names_the_parameter():
    module = Broken()
    learner = GradientLearner(module)
    learner.step(data(0), 0.1)
    learner.step(data(1), 0.1)
    before = weights(module)
    wanted = r"gradient: got a norm of nan at step 3 \(lr 0\.1\).* is linear\.bias, 2 of 2 numbers not finite"
    with pytest.raises(TrainingError, match=wanted):
        learner.step(data(2), 0.1)
    assert all(torch.equal(p, before[name]) for name, p in module.named_parameters())


def test_loss_that_is_not_finite_changes_no_weight():
    module = Line()
    before, learner = weights(module), GradientLearner(module)
    x, y = data(0)
    assert math.isinf(learner.step((x, y * 1e30), 0.1).total)
    assert all(torch.equal(p, before[name]) for name, p in module.named_parameters())


def test_bfloat16_forward_keeps_float32_weights_and_comes_near():
    single, half = Tiny(dropout=0.0), Tiny(dropout=0.0)
    losses = []
    for module, precision in ((single, "float32"), (half, "bfloat16")):
        learner = GradientLearner(module, GradientOptions(precision=precision))
        losses.append([learner.step(batch, 0.01).mean for batch, _ in Streams().epoch(0)])
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=2e-2)
    assert {p.dtype for p in half.parameters()} == {torch.float32}


COMPILED = """
import sys
sys.path.insert(0, sys.argv[1])
from train.toy_module import Streams, Tiny
from seqkit.train.gradient.learner import GradientLearner
from seqkit.train.gradient.options import GradientOptions
for compiled in (False, True):
    learner = GradientLearner(Tiny(dropout=0.0), GradientOptions(compile=compiled))
    print(*(learner.step(batch, 0.01).total for batch, _ in Streams().epoch(0)))
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("g++") or shutil.which("clang++")), reason="torch.compile needs a C++ compiler"
)
def test_compiled_forward_gives_the_same_losses():
    tests = str(
        Path(__file__).parents[1]
    )  # in a process of its own: the compiler unpickles what it cached itself
    done = subprocess.run(
        [sys.executable, "-c", COMPILED, tests], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    plain, compiled = ([float(total) for total in line.split()] for line in done.stdout.splitlines())
    assert compiled == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.pop("weights.linear.bias"), r"gradient\.restore: no array 'weights\.linear\.bias'"),
        (
            lambda a: a.update({"weights.linear.weight": np.zeros((9, 9), np.float32)}),
            r"shape \(9, 9\), expected \(2, 3\)",
        ),
        (lambda a: a.update({"weights.more": np.zeros(1, np.float32)}), r"this model has no weights\.more\."),
        (lambda a: a.pop("steps"), r"no array 'steps'"),
        (
            lambda a: a.update({"optimizer.linear.bias.exp_avg": np.zeros(7, np.float32)}),
            r"exp_avg has shape \(7,\)",
        ),
    ],
)
def test_restore_refuses_another_models_arrays_by_name(change, message):
    learner = GradientLearner(Line())
    learner.step(data(0), 0.1)
    arrays = learner.state()
    change(arrays)
    with pytest.raises(ModelFileError, match=message):
        GradientLearner(Line()).restore(arrays)


def test_resume_with_another_optimizer_is_refused_by_name(tmp_path):
    checkpoint = Checkpoint(tmp_path / "run")
    run(Tiny(), GradientOptions(), checkpoint=checkpoint)
    with pytest.raises(OptionError, match="resume: got optimizer 'sgd', expected 'adam' as in"):
        run(Tiny(), GradientOptions(optimizer="sgd"), checkpoint=checkpoint, resume=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "adamax"}, r"GradientOptions\.optimizer: got 'adamax', expected one of 'sgd'"),
        ({"accumulate": 0}, r"GradientOptions\.accumulate: got 0, expected at least 1"),
        ({"beta2": 1.5}, r"GradientOptions\.beta2: got 1\.5"),
        ({"clip": -1.0}, r"GradientOptions\.clip: got -1\.0"),
    ],
)
def test_setting_out_of_range_is_refused(settings, message):
    with pytest.raises(OptionError, match=message):
        GradientOptions(**settings)


def test_module_of_mixed_or_no_trained_parameters_is_refused():
    module = Line()
    module.linear.bias = torch.nn.Parameter(module.linear.bias.double())
    with pytest.raises(
        OptionError, match=r"got parameters torch\.float32 on cpu, torch\.float64 on cpu; expected all"
    ):
        GradientLearner(module)
    with pytest.raises(OptionError, match="got parameters none to train"):
        GradientLearner(Line().requires_grad_(False))


def test_momentum_reaches_the_least_squares_line():
    module = Line()
    learner = GradientLearner(module, GradientOptions(optimizer="momentum"))
    x, y = data(4, rows=40)
    fit_line = np.linalg.lstsq(np.c_[x.numpy(), np.ones(40)], y.numpy(), rcond=None)[0]
    for _ in range(100):
        learner.step((x, y), 0.05)
    np.testing.assert_allclose(module.linear.weight.detach().numpy(), fit_line[:3].T, atol=1e-2)
