"""Laws of all that is saved with settings: one that has another type than was written is told, not tripped over."""

import json

import numpy as np
import pytest
from hostile import places, put

from seqkit.core import files
from seqkit.core.errors import SeqkitError
from seqkit.debias.removal.eraser import Eraser
from seqkit.debias.removal.methods.hard import HardDebias
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.cooccurrence.matrix import Cooccurrence
from seqkit.embeddings.vectors.vectors import Vectors
from seqkit.models.language_model.model import LanguageModel
from seqkit.text.corpus.corpus import Corpus
from seqkit.text.tokenizer import Tokenizer, tokenizer
from seqkit.text.vocab import Vocab

CORPUS = Corpus.from_sentences([["a", "b", "c", "a"], ["b", "c", "a"]] * 4)
VECTORS = Vectors(Vocab(["she", "he", "x"], [3, 2, 1]), np.eye(3, dtype=np.float32))
WORDS = WordSets("sides", definitional=(("she", "he"),))
MADE = {
    "corpus": (lambda: CORPUS, Corpus.load),
    "tokenizer": (lambda: tokenizer("word").train(["a b c"]), Tokenizer.load),
    "vectors": (lambda: VECTORS, Vectors.load),
    "counts": (lambda: Cooccurrence.count(CORPUS, min_count=1), Cooccurrence.load),
    "eraser": (lambda: HardDebias().fit(VECTORS, WORDS), Eraser.load),
    "model": (lambda: LanguageModel(hidden_size=4, epochs=1, batch=2).fit(CORPUS), LanguageModel.load),
}


@pytest.mark.parametrize("kind", MADE)
def test_law_settings_of_another_type_are_refused_or_harmless(kind, tmp_path):
    made, load = MADE[kind]
    made().save(tmp_path / "it")
    path = tmp_path / "it" / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["checksum"]
    load(tmp_path / "it")
    refused = 0
    for new in ([], "x", 3, None):
        for at in places(manifest["meta"]):
            told = manifest | {"meta": put(manifest["meta"], at, new)}
            files.write_json(path, told | {"checksum": files._checksum(told)})
            try:
                load(tmp_path / "it")
            except SeqkitError as error:
                refused += 1
                assert str(tmp_path) in str(error) or "model: " in str(error)
    assert refused >= 4
