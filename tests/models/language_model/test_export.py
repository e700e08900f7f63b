"""Exported programs give the numbers of the model, at any batch and length."""

import pytest
import torch

import seqkit as sk
from seqkit.core.errors import OptionError
from seqkit.models.language_model.export import export
from seqkit.models.language_model.model import LanguageModel
from seqkit.nn.cell import cells

pytestmark = pytest.mark.filterwarnings("ignore")  # torch's exporter warns of its own doings


def model(cell="lstm", **settings):
    made = LanguageModel(cell=cell, hidden_size=6, num_layers=2, epochs=1, batch=2, bptt=4, **settings)
    return made.fit(sk.Corpus.build(["the cat sat", "a dog ran"] * 10, "character", add_eos=True)).network


def expected(network, ids):
    with torch.no_grad():
        y, state = network.hidden(ids)
        return network.head.log_probs(y.flatten(0, 1)).view(*ids.shape, -1), torch.stack(state)


def state(network, batch):
    return torch.stack(network.stack.zero_state(batch))


@pytest.mark.slow
@pytest.mark.parametrize("cell", cells.names())
def test_an_exported_step_run_step_by_step_is_the_model(cell, tmp_path):
    network = model(cell, embed_dim=4)
    export(network, tmp_path / "step.pt2")
    program = torch.export.load(tmp_path / "step.pt2").module()
    for batch in (1, 2, 5):
        ids = torch.randint(2, 8, (batch, 4))
        log_probs, last = expected(network, ids)
        s = state(network, batch)
        for t in range(4):
            found, s = program(ids[:, t], s)
            torch.testing.assert_close(found, log_probs[:, t], rtol=0, atol=1e-5)
        torch.testing.assert_close(s, last, rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["lstm", "gru", "peephole-lstm", "min-gru"])
def test_an_exported_sequence_is_the_model_at_any_length(cell, tmp_path):
    network = model(cell)
    program = export(network, tmp_path / "sequence.pt2", what="sequence").module()
    for batch, T in ((1, 1), (2, 3), (3, 17)):
        ids = torch.randint(2, 8, (batch, T))
        for a, b in zip(program(ids, state(network, batch)), expected(network, ids), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["step", "sequence"])
def test_onnx_gives_the_same_numbers(what, tmp_path):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    network = model()
    export(network, tmp_path / "m.onnx", what=what, form="onnx")
    session = runtime.InferenceSession(str(tmp_path / "m.onnx"))
    ids = torch.randint(2, 8, (3, 5) if what == "sequence" else (3,))
    inputs = dict(
        zip([i.name for i in session.get_inputs()], (ids.numpy(), state(network, 3).numpy()), strict=True)
    )
    found = session.run(None, inputs)
    log_probs, last = expected(network, ids if what == "sequence" else ids[:, None])
    torch.testing.assert_close(
        torch.from_numpy(found[0]), log_probs if what == "sequence" else log_probs[:, 0], rtol=0, atol=1e-5
    )
    torch.testing.assert_close(torch.from_numpy(found[1]), last, rtol=0, atol=1e-5)


def test_what_cannot_be_exported_is_refused(tmp_path):
    with pytest.raises(OptionError, match="got 'steps' as 'torch'"):
        export(model(), tmp_path / "x", what="steps")
