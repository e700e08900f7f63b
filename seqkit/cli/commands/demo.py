"""seqkit demo: train word vectors on the planted corpus that ships, and ask them what it planted."""

from pathlib import Path
from typing import Annotated, Any

import typer

import seqkit
from seqkit.cli import common

__all__ = ["demo"]


def demo(
    *,
    out: Annotated[Path | None, typer.Option(help="Keep the vectors in this folder.")] = None,
    threads: common.Threads = None,
    quiet: common.Quiet = False,
) -> None:
    """Train word vectors on the corpus that ships with seqkit, and show what they learnt from it.

    Example: seqkit demo --out demo.vectors
    """
    from seqkit.core.files.places import temporary_folder
    from seqkit.embeddings.training.data import read
    from seqkit.models.run import TrainingRun

    planted = seqkit.shipped("planted")
    model = seqkit.SkipGram(dim=50, epochs=10, device="cpu", threads=threads)
    with temporary_folder(None, "demo") as folder:
        kept = out or Path(folder) / "demo.vectors"
        run = TrainingRun(model, kept)
        result = run.train(
            lambda folder: read(model, str(planted / "text.txt"), folder), report=common.progress(quiet)
        )
        losses = "  ".join(f"{epoch['loss']:.3f}" for epoch in result["history"])
        print(f"text        {result['corpus']['num_tokens']:,} tokens, {result['words']} words")
        print(f"model       {model}")
        print(f"loss        {losses}  (nats a prediction, by epoch)\n")
        _show(seqkit.Vectors.load(kept), planted / "analogies.txt")
    if out:
        print(f"\nTry: seqkit embed analogy {out} france paris italy")


def _show(vectors: Any, questions: Path) -> None:
    """Print how many analogies are solved, some of them, and the neighbours of some words."""
    from seqkit.embeddings.testsets.testsets import evaluate

    rows = [[s.name, 100 * s.value, s.count, s.missing] for s in evaluate(vectors, [questions])]
    print(common.table(rows, ["analogies", "right %", "of", "missing"]))
    for a, b, c in (("man", "king", "woman"), ("france", "paris", "japan"), ("big", "bigger", "cold")):
        answer, score = vectors.analogy(a, b, c)[0]
        print(f"\n{a} is to {b} as {c} is to {answer} ({score:.2f})", end="")
    print("\n")
    words = ["king", "paris", "dogs"]
    for word, near in zip(words, vectors.nearest(words, 5), strict=True):
        print(f"nearest to {word:6}", ", ".join(f"{other} {score:.2f}" for other, score in near))
