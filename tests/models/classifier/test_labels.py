"""Labels and their numbers: an error says which one is wrong."""

import pytest

from seqkit.core.errors import FormatError
from seqkit.models.classifier.labels import Targets


def test_unknown_label_is_named_by_its_row_and_without_a_place():
    targets = Targets.learn(["pos", "neg"])
    with pytest.raises(
        FormatError, match="^labels: label 3 is 'pso', which did not come in training"
    ) as caught:
        targets.ids(["pos", "neg", "pso"], 3)
    error = caught.value
    assert (error.kind, error.row, error.value) == ("label", 2, "pso")
    assert str(error.at("a.tsv: line 7")).startswith("a.tsv: line 7: 'pso', which did not come in training")
