"""Word vectors on a GPU's shadow: every loss trains as on the CPU, and the host waits once a block."""

import json

import in_process
import numpy as np
import pytest

import seqkit as sk
from seqkit.core.errors import OptionError
from seqkit.embeddings.training.choose import make
from seqkit.embeddings.training.objectives import objectives
from shadow.cuda import ShadowCuda

pytest.importorskip("triton", reason="needs the extra gpu")
LINES = ["the cat sat on the mat", "the dog sat on the rug", "a bird sang", "the cat saw a bird"]
LOSSES = [name for name in objectives.names() if getattr(objectives.load(name), "gpu", "")]
EVERY = [(loss, context) for loss in LOSSES for context in ("skipgram", "cbow")]
EVERY = [(loss, context) for loss, context in EVERY if (loss, context) != ("glove", "cbow")]
OWN = {name: {"subsample": 0.0} for name in LOSSES if name != "glove"}
OWN["subwords"] = {"subsample": 0.0, "buckets": 11}


def model(loss, context, **settings):
    usual = {"dim": 6, "window": 2, "epochs": 1, "min_count": 1, "lr": 0.02, "threads": 1}
    return make(loss=loss, context=context, **usual | OWN.get(loss, {}) | settings)


def corpus():
    return sk.Corpus.build(LINES, "whitespace")


@pytest.mark.parametrize(("loss", "context"), EVERY)
def test_trains_on_a_gpu_as_on_the_cpu(loss, context):
    there = model(loss, context, device="cpu")
    want = there.fit(corpus())
    with ShadowCuda() as shadow:
        here = model(loss, context, device="cuda")
        got = here.fit(corpus())
    assert not shadow.errors
    assert here.history[-1].loss.count == there.history[-1].loss.count
    assert here.history[-1].loss.mean == pytest.approx(there.history[-1].loss.mean, rel=1e-5)
    np.testing.assert_allclose(got.matrix, want.matrix, atol=1e-5)


def test_host_waits_once_a_block():
    with ShadowCuda() as shadow:
        objective = model("negative-sampling", "skipgram", device="cuda").objective(text := corpus())
        batches = objective.batches(text, epochs=1)
        (block, _), *_ = batches.epoch(0)
        objective.step(block, 0.02)  # thins the text out, which is a wait an epoch
        shadow.clear()
        for _ in range(3):
            objective.step(block, 0.02)
    assert sum(shadow.waits.values()) == 3, shadow.waits
    assert not shadow.errors


class Ended:
    """A log that ends the run after its first epoch."""

    def begin(self, history, units):
        pass

    def step(self, progress):
        pass

    def epoch(self, epoch, units):
        raise KeyboardInterrupt


@pytest.mark.parametrize("loss", LOSSES)
def test_run_begun_on_one_device_is_resumed_on_the_other(loss, tmp_path):
    settings = {"epochs": 2}
    whole = model(loss, "skipgram", device="cpu", **settings).fit(corpus())
    for first, second in (("cuda", "cpu"), ("cpu", "cuda")):
        folder = tmp_path / first
        with ShadowCuda():
            half = model(loss, "skipgram", device=first, **settings)
            with pytest.raises(KeyboardInterrupt):
                half.fit(corpus(), checkpoint=folder, logs=[Ended()])
            again = model(loss, "skipgram", device=second, **settings)
            got = again.fit(corpus(), checkpoint=folder, resume=True)
        assert (len(half.history), len(again.history)) == (0, 2)
        np.testing.assert_allclose(got.matrix, whole.matrix, atol=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_command_names_the_device_that_ran(loss, tmp_path):
    (tmp_path / "text.txt").write_text("\n".join(LINES), encoding="utf-8")
    sizes = ["--dim", 5, "--epochs", 1, "--min-count", 1, "--out", "v", "--device", "cuda", "--loss", loss]
    more = [] if loss == "glove" else ["--subsample", 0]
    more += ["--buckets", 11] if loss == "subwords" else []
    with ShadowCuda() as shadow:
        done = in_process.run("embed", "train", "text.txt", *sizes, *more, cwd=tmp_path)
    assert not shadow.errors
    run = json.loads((tmp_path / "v" / "run.json").read_text(encoding="utf-8"))
    assert (run["device"], run["gpu"], run["settings"]["device"]) == ("cuda", "a shadow", "cuda")
    assert done.stdout.rstrip().endswith("on a shadow")


def test_deterministic_is_refused_on_a_gpu_and_auto_takes_the_cpu():
    with ShadowCuda():
        with pytest.raises(
            OptionError, match="device: got 'cuda', expected cpu: deterministic asks for the same"
        ):
            sk.SkipGram(device="cuda", deterministic=True)
        assert sk.SkipGram(deterministic=True).hardware()["device"] == "cpu"
        assert sk.SkipGram().hardware()["device"] == "cuda"


def test_loss_without_a_kernel_of_a_gpu_says_so(monkeypatch):
    monkeypatch.setattr(objectives.load("full-softmax"), "gpu", "")
    with ShadowCuda():
        with pytest.raises(
            OptionError, match="got 'cuda', expected cpu: full-softmax has no kernel for a GPU yet"
        ):
            sk.SkipGram(loss="full-softmax", device="cuda")
        assert sk.SkipGram(loss="full-softmax").hardware()["device"] == "cpu"
