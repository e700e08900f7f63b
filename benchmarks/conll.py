"""Recipe: named entities of CoNLL-2003, 5,648 in the test file, with vectors that seqkit trains on wiki100m
if none are given.

Bar: F1 of at least 85 on the test file. The same number counted by the rules of conlleval.pl stands beside
it.
"""

from benchmarks._common import parser
from benchmarks._conlleval import conlleval
from benchmarks._tagging import parsed, read, train
from benchmarks._wiki_vectors import wiki_vectors

SETTINGS = {"batch": 32, "epochs": 15, "lr": 0.003, "dropout": 0.4, "precision": "bfloat16"}
NAMES = {"train": "eng.train.gz", "dev": "eng.testa.gz", "test": "eng.testb.gz"}


def main(args: list[str]) -> None:
    """Train and print."""
    chosen = parsed(parser(__doc__), args)
    parts = read(chosen.data / "tagging" / "conll2003", NAMES)
    model = train("CoNLL-2003 named entities", parts, wiki_vectors(chosen, 100), chosen, **SETTINGS)
    predicted = model.predict([s.words for s in parts["test"]])
    right, guessed, true, f1 = conlleval(
        ([str(tag) for tag in s.tags or []], tags) for s, tags in zip(parts["test"], predicted, strict=True)
    )
    print(
        f"  test by the rules of conlleval: {right:,} right of {guessed:,} predicted and {true:,} true, F1 "
        f"{f1:.2f}"
    )
