"""What sampling costs on a GPU: launches of our kernel, of torch's, and waits, a chunk of tokens."""

import pytest
import torch

from seqkit.kernels.decode import persistent
from seqkit.models.language_model.network import Network
from seqkit.models.language_model.sampling import make_decoder, sample
from seqkit.text.codec import Codec
from shadow.cuda import ShadowCuda
from shadow.test_models import corpus

pytest.importorskip("triton", reason="needs the extra gpu")


def counts(steps, monkeypatch, **settings):
    """(launches of ours, all launches, waits, samples) of three texts, 4 tokens a chunk."""
    own, text = [], corpus()
    with monkeypatch.context() as patch, ShadowCuda() as shadow:
        run = ShadowCuda._launch
        patch.setattr(ShadowCuda, "_launch", lambda *a, **k: own.append(1) or run(*a, **k))
        patch.setattr(persistent.Decoder, "chunk", 4)
        network = Network.of(len(text.vocab), hidden_size=16, num_layers=2, **settings)
        network.to(torch.device("cuda")).eval()
        samples = sample(network, Codec.of(text), prompt="the cat", seeds=range(3), length=steps, scores=True)
        assert not shadow.errors
        return len(own), shadow.launches, sum(shadow.waits.values()), samples


@pytest.mark.parametrize("settings", [{"cell": "gru", "tie": True}, {"cell": "lstm"}])
def test_a_chunk_of_sampling_is_one_launch_of_ours_and_one_wait(settings, monkeypatch):
    few, more = (counts(steps, monkeypatch, **settings) for steps in (4, 9))
    assert few[0] == few[2] == 1
    assert more[0] == more[2] == 3
    assert more[1] - few[1] == 2 * 6  # two chunks: states brought and taken back, what is found, and ours
    assert {(one.backend, len(one.ids)) for one in more[3]} == {("persistent", 9)}


@pytest.mark.parametrize(
    "settings",
    [{"residual": True}, {"cell": "gru-before"}, {"head": "adaptive-softmax"}, {"feed_forward": (5,)}],
)
def test_other_models_are_written_step_by_step(settings):
    with ShadowCuda():
        network = Network.of(50, hidden_size=16, num_layers=2, **settings).to(torch.device("cuda"))
        assert make_decoder(network, 3).backend == "reference"
