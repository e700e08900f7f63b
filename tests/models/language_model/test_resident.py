"""Windows cut where the text lies are those that are brought one by one."""

import numpy as np
import pytest
import torch

from seqkit.models.language_model.network import Network
from seqkit.models.language_model.resident import ResidentStreams, resident
from seqkit.text.batches.streams import Streams
from seqkit.text.corpus.corpus import Corpus


def streams(tokens, batch, length, part=(0, 1)):
    letters = [chr(ord("a") + i % 26) for i in range(tokens)]
    return Streams(Corpus.from_sentences([letters]), batch, length, {"lr": 0.1}, part)


@pytest.mark.parametrize("tokens", [8, 21, 22, 23, 24, 25, 300])
@pytest.mark.parametrize(("batch", "length"), [(1, 4), (2, 1), (4, 3), (3, 500)])
@pytest.mark.parametrize("part", [(0, 1), (0, 2), (1, 2), (4, 5)])
def test_windows_are_the_same(tokens, batch, length, part):
    given = streams(tokens, batch, length, part)
    made = ResidentStreams(given, torch.device("cpu"))
    assert (made.size, made.signature) == (given.size, given.signature)
    for skip in (0, 2):
        pairs = list(zip(given.epoch(0, skip), made.epoch(0, skip), strict=True))
        assert len(pairs) == max(len(list(given.epoch(0))) - skip, 0)
        for (window, units), (found, own) in pairs:
            assert own == units
            if window is None:
                assert found is None
                continue
            assert (found.count, found.first, found.rows) == (window.count, window.first, window.rows)
            np.testing.assert_array_equal(found.target.numpy(), window.target)
            live = window.target >= 0
            np.testing.assert_array_equal(found.input.numpy()[live], window.input[live])
            assert int(found.input.min()) >= 0


def test_text_stays_on_the_host_for_a_network_on_a_cpu():
    given = streams(30, 2, 3)
    assert resident(given, Network.of(26, hidden_size=4)) is given
