"""Recipe: parts of speech (UPOS) of Universal Dependencies' English EWT, 25,094 test words, with vectors that
seqkit trains on wiki100m if none are given.

Bar: at least 93.5 % of the test words right within 20 minutes on 2 cores. A stack over words alone gives 88.3
%.
"""

from benchmarks._common import parser
from benchmarks._tagging import parsed, read, train
from benchmarks._wiki_vectors import wiki_vectors

SETTINGS = {"batch": 64, "epochs": 6, "lr": 0.006, "precision": "bfloat16"}
NAMES = {part: f"en_ewt-ud-{part}.conllu.gz" for part in ("train", "dev", "test")}


def main(args: list[str]) -> None:
    """Train and print."""
    chosen = parsed(parser(__doc__), args)
    parts = read(chosen.data / "tagging" / "ud_english_ewt", NAMES, "upos")
    train("UD English EWT, UPOS", parts, wiki_vectors(chosen, 100), chosen, **SETTINGS)
