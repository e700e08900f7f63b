"""How often "biased" is said of random vectors, and how often of vectors with a planted bias, for every measure.

Bars: of random spaces at most 5 % are called biased by any measure, before and after each method of removal;
a strong planted bias is found by each. A random space is a Gaussian cloud, wider in some directions and
narrower in others (--spread), its words dealt to the lists at random. A planted one has a direction g: women
+s, men -s, in standard deviations of a coordinate; so have the target lists, the pleasant and unpleasant
words, and, for measures that search the vocabulary, --share of it; professions lean from s/4 to 2s to the women; and professions
have half of what women and men share, +s along another direction. Women and men, and fifteen pairs of heroes who lean by 0.4 s, are pairs: they have
most of the rest in common.

analogies makes no claim; what is counted is whether five of the first ten pairs that it puts forward are a
woman or heroine and a man or hero. With --after METHOD the vectors are measured after a method of removal, fitted as the report does.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

import seqkit as sk
from benchmarks._common import machine, parser
from seqkit.debias.measuring.assess import assess, claimed, parameter_types
from seqkit.debias.measuring.base import Options, Role
from seqkit.debias.measuring.inputs import Inputs
from seqkit.debias.measuring.measures import measures
from seqkit.debias.removal.methods import methods

STRENGTHS = (1.0, 2.0, 4.0)
LISTS = ("career", "family", "pleasant", "unpleasant")
ANCHOR = "anchor"
SMALL: dict[str, dict[str, Any]] = {"double-hard": {"candidates": 5}, "inlp": {"rounds": 5}}


def names() -> list[str]:
    """All measures."""
    return measures.names()


def chooses(name: str) -> bool:
    """Whether a measure chooses words by a direction, to train a classifier for each."""
    return Role.MOST_WORDS in parameter_types(measures.load(name)).values()


@dataclass(frozen=True)
class Plan:
    """What the spaces are like."""

    words: int = 400
    dim: int = 50
    spread: float = 0.0
    share: float = 0.5


def space(seed: int, strength: float = 0.0, plan: Plan = Plan()) -> tuple[Any, Any]:
    """Vectors and their word sets; random where strength is 0."""
    dim = plan.dim
    random = np.random.default_rng(seed)
    frame = np.linalg.qr(random.normal(size=(dim, dim)))[0]
    g, shared = np.linalg.qr(random.normal(size=(dim, 2)))[0].T * strength
    rows: dict[str, Any] = {}

    def noise() -> Any:
        return random.normal(size=dim) * np.linspace(1 + plan.spread, 1 - plan.spread, dim) @ frame

    def add(word: str, lean: float, along: float = 0.0) -> str:
        rows[word] = noise() + lean * g + along * shared
        return word

    def add_pair(one: str, two: str, lean: float, along: float = 0.0) -> tuple[str, str]:
        """Two words that differ in the bias and little else, if there is one."""
        same = noise() * (strength > 0)
        for word, side in ((one, lean), (two, -lean)):
            rows[word] = same + (0.4 if strength else 1) * noise() + side * g + along * shared
        return one, two

    pairs = [add_pair(f"woman{i}", f"man{i}", 1, 1) for i in range(10)]
    for i in range(15):
        add_pair(_word("heroine", i), _word("hero", i), 0.4)
    lists = {name: [add(_word(name, i), (-1) ** k, 0) for i in range(8)] for k, name in enumerate(LISTS, 1)}
    jobs = [add(_word("job", i), lean, 0.5) for i, lean in enumerate(np.linspace(0.25, 2, 20))]
    add(ANCHOR, 1)
    for i in range(plan.words):
        add(_word("other", i), (-1) ** i if i < plan.share * plan.words else 0)
    order = random.permutation(len(rows))
    tokens = np.array(list(rows))[order].tolist()
    matrix = np.array([rows[token] for token in tokens], np.float32)
    sets = sk.WordSets("planted", pairs, lists=lists | {"professions": jobs}, classes=("female", "male"))
    return sk.Vectors(sk.Vocab(tokens, [1] * len(tokens)), matrix), sets


def claims(
    name: str, seed: int, strength: float, options: Options, after: str = "", plan: Plan = Plan()
) -> list[bool]:
    """Whether each number of a measure is called biased in the space of this seed."""
    searched = name.startswith(("gonen", "analogies"))
    vectors, sets = space(seed, strength, plan if searched else replace(plan, share=0.0))
    inputs = Inputs(vectors, sets, anchor=ANCHOR, options=options)
    if name == "seat":
        parts = [vectors[list(words)] for words in next(iter(inputs.tests.values()))]
        pool = vectors[[word for word in vectors if word.startswith("other")]]
        found = [measures.load("seat")(*parts, pooling="mean", pool=pool, options=options)]
    else:
        seen = methods.load(after)(**SMALL.get(after, {})).fit(inputs.learnable, sets) if after else None
        found = assess(inputs, seen and seen(vectors), [name]).scores
    if name == "analogies":
        return [strength > 0 and _planted_way(found[0].extra["pairs"])]
    return [bool(claimed(score)) for score in found]


def rate(
    name: str, strength: float, seeds: range, options: Options, after: str = "", plan: Plan = Plan()
) -> tuple[int, int]:
    """How many numbers are called biased, and how many there are."""
    found = [hit for seed in seeds for hit in claims(name, seed, strength, options, after, plan)]
    return sum(found), len(found)


def _word(name: str, i: int) -> str:
    """A word of letters, as the recovery tests choose them."""
    return name + chr(97 + i // 26) + chr(97 + i % 26)


def _planted_way(pairs: list[Any]) -> bool:
    """Whether half of the first ten pairs are a woman or heroine and a man or hero."""
    return (
        sum(x.startswith(("wo", "heroine")) and y.startswith(("man", "hero")) for x, y, _ in pairs[:10]) >= 5
    )


def main(args: list[str]) -> None:
    """Print a row a measure."""
    options = parser(__doc__)
    options.add_argument("--spaces", type=int, default=1000)
    options.add_argument("--planted", type=int, default=100, help="planted spaces a strength")
    options.add_argument("--measure", nargs="*", default=names())
    options.add_argument("--after", default="", help="a method of removal; only measures of what is left")
    options.add_argument("--spread", type=float, default=0.0)
    options.add_argument("--share", type=float, default=0.5)
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args(args)
    plan = Plan(spread=chosen.spread, share=chosen.share)
    asked = [name for name in chosen.measure if not chosen.after or name.startswith("gonen")]
    head = "  ".join(f"planted {strength:g}" for strength in STRENGTHS)
    print(f"{machine()}\n{'':18} {chosen.spaces:,} random  {head}  (share called biased)")
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for name in asked:
            shares = []
            for strength in (0.0, *STRENGTHS):
                spaces = chosen.planted if strength else chosen.spaces
                run = partial(rate, name, strength, options=Options(), after=chosen.after, plan=plan)
                hits = list(pool.map(run, (range(i, min(i + 10, spaces)) for i in range(0, spaces, 10))))
                shares.append(sum(hit for hit, _ in hits) / max(1, sum(total for _, total in hits)))
            shown = "  ".join(f"{share:9.3f}" for share in shares[1:])
            print(f"{name:18} {shares[0]:12.3f}  {shown}", flush=True)
