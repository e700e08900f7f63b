"""A map of vectors in one call: choose words, project them, write a picture, a page or files for a projector.

Not handled: the projections (seqkit.embeddings.maps.projection) and the drawing (seqkit.report) themselves.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seqkit.core.errors import FormatError, OptionError, did_you_mean
from seqkit.embeddings.maps.projection import NEIGHBOURS, Projection, project
from seqkit.embeddings.vectors.neighbours import nearest_others
from seqkit.embeddings.vectors.vectors import Missing, Vectors
from seqkit.report import map as pictures
from seqkit.report.pages.map_page import page
from seqkit.report.projector import projector
from seqkit.text.readers import table

SUFFIXES = (".svg", ".png", ".html", ".tsv")
NAMES = {"pca": "PCA", "tsne": "t-SNE", "umap": "UMAP"}
MANY = 4096  # words whose neighbours among each other are searched where the vectors are; of fewer on the CPU
Words = Sequence[str] | Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Map:
    """What was drawn: the places, the group of each word if there are any, the unknown words, the caption.

    unlabelled: labels of a picture that found no place; neighbours: those that a page holds of each word.
    backend: what searched neighbours, cuda or cpu; none are searched without neighbours_of, but for a page.
    """

    files: list[Path]
    groups: list[str] | None
    missing: int
    caption: str
    projection: Projection | None = None  # none for a projector's files
    unlabelled: int = 0
    neighbours: int = 0
    backend: str = "cpu"

    def to_json(self) -> dict[str, Any]:
        """The map without its places, as plain JSON values."""
        p = self.projection
        return {
            "files": [str(path) for path in self.files],
            "missing": self.missing,
            "caption": self.caption,
            "unlabelled": self.unlabelled,
            "neighbours": self.neighbours,
            "words": None if p is None else len(p.words),
            "method": p and p.method,
            "axes": p and list(p.axes),
            "settings": p and p.settings,
            "backend": self.backend,
            "trust": p and p.trust and p.trust.to_json(),
        }


def draw(
    vectors: Vectors,
    path: str | os.PathLike[str],
    words: Words | None = None,
    *,
    top: int = 300,
    neighbours_of: str | None = None,
    method: str = "tsne",
    axes: Sequence[str] = (),
    seed: int = 1,
    missing: Missing = "error",
    title: str = "",
    **settings: Any,
) -> Map:
    """Draw words on a map and write it: .svg, .png, .html (a page to zoom and search) or .tsv (TensorBoard).

    words: those to draw, or a name and words for each group, which then has a colour; without them the `top`
    most frequent, or the `top` nearest to `neighbours_of` and that word. method, axes, settings: as in
    `project`.
    Raises:  OptionError for a path of another kind; and what `project` raises.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise OptionError(
            f"map: got {path.name!r}, which ends in {path.suffix!r}, expected one of "
            f"{', '.join(SUFFIXES)}.{did_you_mean(path.suffix, SUFFIXES)}"
        )
    if missing not in ("error", "skip"):
        raise OptionError(f"map: got missing {missing!r}, expected error or skip.")
    chosen, groups, unknown = _choose(vectors, words, top, neighbours_of, missing)
    left_out = f"{unknown:,} unknown words left out" if unknown else ""
    if path.suffix.lower() == ".tsv":
        written = projector(path, vectors[chosen], chosen, groups)
        return Map(
            list(written), groups, unknown, "; ".join(filter(None, (f"{len(chosen):,} words", left_out)))
        )
    if path.suffix.lower() != ".html":
        from seqkit.report.figure import check_picture

        check_picture(path)  # before the work, not after it
    p = project(vectors, chosen, method=method, axes=axes, seed=seed, **settings)
    if p.places.shape[1] != 2:
        raise OptionError(f"map: got {p.places.shape[1]} directions, expected 2 for a picture.")
    caption = "; ".join(filter(None, (_describe(p), left_out)))
    shown: dict[str, Any] = {"title": title or _title(p, neighbours_of), "caption": caption, "axes": p.axes}
    if path.suffix.lower() != ".html":
        unlabelled = pictures.picture(path, p.places, p.words, groups, **shown)
        ran = vectors.space.backend if neighbours_of else "cpu"
        return Map([path], groups, unknown, caption, p, unlabelled=unlabelled, backend=ran)
    own = vectors.restrict(p.words).on(vectors.device if len(p.words) >= MANY else "cpu")
    ids = nearest_others(np.arange(len(own)), own.matrix, own.space, NEIGHBOURS)
    kept = page(path, p.places, p.words, ids, groups, **shown)
    ran = (vectors if neighbours_of else own).space.backend
    return Map([path], groups, unknown, caption, p, neighbours=kept, backend=ran)


def read_words(text: str) -> tuple[str, list[str]]:
    """A group's name and words: a file of words, named by its stem, or words apart by commas or spaces.

    Raises:  FormatError for a file that is not UTF-8 text or holds no word.
    """
    path = Path(text)
    try:
        here = path.is_file()
    except OSError:  # a list of words too long for a file's name
        here = False
    name, content = (path.stem, table.content(path)) if here else (text, text.replace(",", " "))
    if not (words := re.findall(r"\S+", content)):
        raise FormatError(f"map: {text!r} holds no word.")
    return name, words


def _choose(
    vectors: Vectors, words: Words | None, top: int, near: str | None, missing: Missing
) -> tuple[list[str], list[str] | None, int]:
    """Words, a group for each if there are any, and the unknown; a word in two groups stays in the first."""
    if near is not None:
        if words is not None:
            raise OptionError("map: got words and neighbours_of, expected one. Give one of them.")
        found = [word for word, _ in vectors.nearest([near], top)[0]]
        return [near, *found], [near, *["its neighbours"] * len(found)], 0
    if words is None:
        if top < 1:
            raise OptionError(f"map: got top {top}, expected at least 1.")
        return vectors.vocab.tokens[:top], None, 0
    groups = words if isinstance(words, Mapping) else {"": words}
    asked = {word: group for group, members in reversed(list(groups.items())) for word in members}
    ordered = list(dict.fromkeys(word for members in groups.values() for word in members))
    kept = [word for word in ordered if missing == "error" or word in vectors]
    vectors.rows(kept)  # an unknown word raises here
    return (
        kept,
        [asked[word] for word in kept] if isinstance(words, Mapping) else None,
        len(ordered) - len(kept),
    )


def _title(p: Projection, near: str | None) -> str:
    name = f"“{near}” and its neighbours" if near else f"{len(p.words):,} words"
    return f"{name}, by {NAMES[p.method]}" if p.method in NAMES else name


def _describe(p: Projection) -> str:
    if p.method == "axes":
        return "place = product of the word's unit vector with each axis"
    settings = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in p.settings.items())
    return "; ".join(filter(None, (settings, f"trustworthiness {p.trust.value:.2f}" if p.trust else "")))
