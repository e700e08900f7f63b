"""What several modules of shadow tests share."""

import pytest

from seqkit.kernels.decode import persistent
from seqkit.kernels.linear_cross_entropy import chunked
from seqkit.kernels.linear_scan import scan
from seqkit.kernels.rnn_scan import fused


@pytest.fixture
def torch_in_place_of_kernels(monkeypatch, request):
    """The passes of cells, losses and scans are torch's: the interpreter takes minutes for ours.

    Ours are held by test_launches, by the count of launches in test_models, and by tests/kernels.
    """
    for module in (fused, persistent):
        monkeypatch.setattr(module, "has_kernels", lambda device: False)
    if "starts_few_kernels" not in request.node.name:
        for module in (chunked, scan):
            monkeypatch.setattr(module, "has_kernels", lambda device: False)
