"""Make the planted corpora: texts whose truths are known, from the lexicon beside this file and a seeded
grammar.

    python corpora/planted.py --seed 1 --out corpora/planted

The same seed gives the same bytes. What each file holds is said in docs/corpora.md; the truths stand in
truths.json.
"""

import argparse
import json
import random
import tomllib
from itertools import product
from pathlib import Path
from typing import Any

from nltk.grammar import PCFG, Nonterminal, Production

SENTENCES = 32_000


def grammar(lexicon: dict[str, Any]) -> PCFG:
    """The probabilistic grammar of the main text: every sentence of every row of every relation is a
    production.
    """
    lines = []

    def rule(left: str, choices: list[tuple[str, float]]) -> None:
        total = sum(weight for _, weight in choices)
        lines.append(f"{left} -> " + " | ".join(f"{right} [{weight / total!r}]" for right, weight in choices))

    def words(sentence: str) -> str:
        return " ".join(word if word.isupper() else f"'{word}'" for word in sentence.split())

    starts = []
    for name, relation in lexicon["relations"].items():
        symbol = name.replace("-", "_")
        starts.append((symbol, relation["weight"]))
        filled = [
            (words(s.format(**dict(zip(relation["columns"], row, strict=True)))), 1.0)
            for row in relation["rows"]
            for side in ("one", "two")
            for s in relation[side]
        ]
        rule(symbol, filled)
    jobs = lexicon["professions"]
    starts += [("professions", jobs["weight"]), ("agreement", 0.1)]
    rule(
        "professions",
        [
            (words(s.format(job=job, he=he, his=his)), share)
            for job, she in jobs["she"].items()
            for he, his, share in (("she", "her", she), ("he", "his", 1 - she))
            for s in jobs["sentences"]
        ],
    )
    rule("agreement", [(words(good), 1.0) for n in range(4) for good, _ in agreement(lexicon, n)])
    for name, choices in lexicon["choices"].items():
        rule(name, [(words(choice), 1.0) for choice in choices])
    rule("S", starts)
    lines.insert(0, lines.pop())  # the start symbol comes first
    return PCFG.fromstring("\n".join(lines))


def agreement(lexicon: dict[str, Any], n: int) -> list[tuple[str, str]]:
    """(right, wrong) sentences whose verb agrees with a noun n phrases away, all nouns between being of the
    other number.
    """
    rows = lexicon["relations"]["gram1-plural"]["rows"]
    found = []
    for i, row in enumerate(rows):
        for number, verb, other in ((0, "sleeps", "sleep"), (1, "sleep", "sleeps")):
            between = " ".join(f"beside the {rows[(i + k + 1) % len(rows)][1 - number]}" for k in range(n))
            start = f"the {row[number]} {between}".strip()
            found.append((f"{start} {verb}", f"{start} {other}"))
    return found


def long_agreement(
    lexicon: dict[str, Any], draw: random.Random, count: int, phrases: range
) -> list[tuple[int, str, str]]:
    """(words between, right, wrong) of `count` different sentences; nouns between noun and verb are of either
    number at random.

    So the words near the verb say nothing of its number: only the first noun does.
    """
    rows = lexicon["relations"]["gram1-plural"]["rows"]
    found: dict[str, tuple[int, str, str]] = {}
    while len(found) < count:
        n, number = draw.choice(phrases), draw.randrange(2)
        between = [f"beside the {draw.choice(rows)[draw.randrange(2)]}" for _ in range(n)]
        start = " ".join(["the", draw.choice(rows)[number], *between])
        verb, other = (("sleeps", "sleep"), ("sleep", "sleeps"))[number]
        found[start] = (3 * n, f"{start} {verb}", f"{start} {other}")
    return list(found.values())


def sample(
    productions: dict[Nonterminal, tuple[list[Production], list[float]]], symbol: Any, draw: random.Random
) -> list[str]:
    """A random derivation of `symbol`."""
    if isinstance(symbol, str):
        return [symbol]
    options, weights = productions[symbol]
    (chosen,) = draw.choices(options, weights)
    return [word for part in chosen.rhs() for word in sample(productions, part, draw)]


def text(lexicon: dict[str, Any], draw: random.Random) -> list[str]:
    """The main text: SENTENCES sentences."""
    rules = grammar(lexicon)
    productions = {}
    for production in rules.productions():
        options, weights = productions.setdefault(production.lhs(), ([], []))
        options.append(production)
        weights.append(production.prob())
    return [" ".join(sample(productions, rules.start(), draw)) for _ in range(SENTENCES)]


def analogies(lexicon: dict[str, Any]) -> list[str]:
    """All ordered pairs of rows of each relation, in the form of the Google questions."""
    lines = []
    for name, relation in lexicon["relations"].items():
        lines.append(f": {name}")
        lines += [" ".join((*a[:2], *b[:2])) for a in relation["rows"] for b in relation["rows"] if a != b]
    return lines


def sentiment(lexicon: dict[str, Any]) -> list[str]:
    """label <tab> sentence; neighbours hold the same words in another order."""
    s = lexicon["sentiment"]
    lines = []
    for noun, good, bad, (one, first, two, second) in product(s["nouns"], s["good"], s["bad"], s["pairs"]):
        lines += [
            f"{label}\t{sentence.format(noun=noun, good=good, bad=bad)}"
            for label, sentence in ((one, first), (two, second))
        ]
    return lines


def homophones(lexicon: dict[str, Any]) -> list[str]:
    """right sentence <tab> wrong sentence <tab> word <tab> its homophone."""
    lines = ["correct\twrong\ttarget\tdistractor"]
    for entry in lexicon["homophones"]:
        for frame, word in entry["frames"]:
            (other,) = (w for w in entry["words"] if w != word)
            lines.append(f"{frame} {word}\t{frame} {other}\t{word}\t{other}")
    return lines


def translations(lexicon: dict[str, Any], draw: random.Random) -> list[str]:
    """English <tab> Tolma, each sentence once."""
    words = lexicon["languages"]
    lines: dict[str, None] = {}
    while len(lines) < 3000:
        parts = [
            (
                draw.choice(list(words["articles"])),
                draw.choice([None, *words["adjectives"]]),
                draw.choice(list(words["nouns"])),
                draw.random() < 0.3,
            )
            for _ in range(2)
        ]
        verb = draw.choice(list(words["verbs"]))
        english, tolma = [], []
        for article, adjective, noun, many in parts:
            plural = many and article == "the"
            english.append(
                " ".join(filter(None, [article, adjective, noun + "s" * plural])).replace(
                    "childs", "children"
                )
            )
            named = words["nouns"][noun] + "ri" * plural
            tolma.append(
                " ".join(
                    filter(
                        None,
                        [words["articles"][article], named, adjective and words["adjectives"][adjective]],
                    )
                )
            )
        doing = verb.removesuffix("s") if parts[0][3] and parts[0][0] == "the" else verb
        lines[f"{english[0]} {doing} {english[1]}\t{' '.join(tolma)} {words['verbs'][verb]}"] = None
    return list(lines)


def make(seed: int) -> dict[str, str]:
    """Every file of the planted corpora, by name."""
    lexicon = tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text(encoding="utf-8"))
    she = lexicon["professions"]["she"]
    truths = {
        "seed": seed,
        "sentences": SENTENCES,
        "relations": {name: [row[:2] for row in r["rows"]] for name, r in lexicon["relations"].items()},
        "biased_professions": {job: share for job, share in she.items() if share != 0.5},
        "unbiased_professions": [job for job, share in she.items() if share == 0.5],
        "agreement": "agreement.tsv: distance, right, wrong; distances 0 to 3 stand in the text, 4 and "
        "5 do not",
        "agreement_long": "agreement.long.tsv: words between noun and verb, right, wrong; none stands in "
        "agreement.long.txt",
        "sentiment": "sentiment.tsv: lines 2i and 2i + 1 hold the same words and opposite labels",
        "homophones": {entry["words"][0]: entry["words"][1] for entry in lexicon["homophones"]},
        "languages": "pairs.tsv: English, Tolma; word by word but adjective after noun, verb last, -ri "
        "for many",
    }
    draw = random.Random(seed + 2)
    long = long_agreement(
        lexicon, draw, 6000, range(16)
    )  # the test sentences are not among those of the text
    tests = [
        row
        for row in long_agreement(lexicon, draw, 1200, range(16))
        if row[1] not in {good for _, good, _ in long}
    ]
    rows = ["distance\tright\twrong"] + [
        f"{n}\t{good}\t{bad}" for n in range(6) for good, bad in agreement(lexicon, n)
    ]
    files = {
        "text.txt": text(lexicon, random.Random(seed)),
        "analogies.txt": analogies(lexicon),
        "agreement.tsv": rows,
        "agreement.long.txt": [good for _, good, _ in long],
        "agreement.long.tsv": ["distance\tright\twrong"]
        + [f"{words}\t{good}\t{bad}" for words, good, bad in tests],
        "sentiment.tsv": sentiment(lexicon),
        "homophones.tsv": homophones(lexicon),
        "pairs.tsv": translations(lexicon, random.Random(seed + 1)),
        "truths.json": [json.dumps(truths, indent=1)],
    }
    return {name: "\n".join(lines) + "\n" for name, lines in files.items()}


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("planted"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, content in make(arguments.seed).items():
        (arguments.out / name).write_text(content, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
