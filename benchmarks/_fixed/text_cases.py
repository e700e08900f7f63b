"""Text: corpora by every tokenizer, normalising, phrases, labelled texts, splits, copies.

Not handled: what is learnt from them (the other cases).
"""

import gzip
from itertools import pairwise
from pathlib import Path
from typing import Any

import seqkit as sk
from benchmarks._fixed import data
from benchmarks._fixed.table import Results, case, saved, stored

TEXT = [
    "It isn't cheap, is it? No: it costs 42 $ (or 40).",
    "Crème brûlée, naïve ﬁlms; Dr. Smith's 3rd house.",
    "",
    "the  king\tof France ... and the queen-mother!",
    "日本 tea, ½ cup — “quoted” text",
]
UNITS = ("whitespace", "word", "character", "subword:byte-bpe", "subword:bpe")
GIVEN = ("wordpiece", "unigram")  # the tokenizers library learns these in another order each time
NORMALIZERS: dict[str, dict[str, Any]] = {
    "lower": {"lower": True},
    "folded": {"accents": "fold", "unicode": "nfkd"},
    "zero": {"digits": "zero", "unicode": "nfc"},
    "spelt": {"digits": "spell", "unicode": "nfkc", "lower": True},
}


@case
def corpora() -> Results:
    """The ids of every tokenizer, and of every setting of a vocabulary."""
    lines = [*TEXT, *data.planted("text.txt", 0, 300)]
    found: Results = {}
    for unit in UNITS:
        size = 300 if unit.startswith("subword") else None
        made = sk.Corpus.build(lines, unit, max_size=size, add_eos=True, threads=1)
        found[unit] = [made, made.fingerprint, made.summary()]
    for model in GIVEN:
        found[f"subword:{model}"] = sk.Corpus.build(lines, given(model), add_eos=True, threads=1)
    variants: dict[str, dict[str, Any]] = {
        "frequent": {"min_count": 3, "max_size": 50},
        "bounded": {"epsilon": 0.002},
        "specials": {"specials": ("pad", "unk", "bos")},
        **{name: {"normalizer": sk.Normalizer(**how), "tokens": "word"} for name, how in NORMALIZERS.items()},
    }
    for name, how in variants.items():
        found[name] = sk.Corpus.build(lines, threads=1, **how)
    found["stored"] = saved(sk.Corpus.build(lines, "word", threads=1))
    return found | {"sentences": sk.Corpus.from_sentences([["a", "b"], [], ["b", "c"]], min_count=2)}


@case
def tokenizers() -> Results:
    """Tokens and ids of a text, and the text of ids; learnt, or given where learning varies."""
    lines = [*TEXT, *data.planted("text.txt", 0, 200)]
    found: Results = {}
    made = {f"subword:{model}": given(model) for model in GIVEN}
    for unit in UNITS:
        kind, _, model = unit.partition(":")
        settings = {"model": model, "vocab_size": 280} if model else {}
        made[unit] = type(sk.tokenizer(kind)).train(lines, **settings)
    for unit, one in made.items():
        one.save(Path(unit))
        again = type(one).load(Path(unit))
        ids = [one.encode(line) for line in TEXT]
        texts = [one.tokens(TEXT[0]), [one.decode(row) for row in ids], [again.encode(line) for line in TEXT]]
        found[unit] = [ids, texts, one.vocab, one.lossless, stored(unit)]
    return found | {name: [sk.Normalizer(**how)(line) for line in TEXT] for name, how in NORMALIZERS.items()}


def given(model: str) -> Any:
    """A subword tokenizer that was learnt once."""
    definition = (Path(__file__).parent / f"{model}.json").read_text(encoding="utf-8")
    return sk.tokenizer("subword", definition=definition)


@case
def commands() -> Results:
    """Corpora and phrases by the command line, from files of several kinds."""
    lines = data.planted("text.txt", 0, 800)
    data.write("text.txt", lines)
    Path("text.txt.gz").write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    data.write("rows.tsv", ["title\tbody", *(f"{i}\t{line}" for i, line in enumerate(lines[:50]))])
    given("unigram").save(Path("pieces"))
    built = {
        "plain": "text.txt --min-count 2",
        "packed": "text.txt.gz --tokenizer word --lower --eos",
        "column": "rows.tsv --column body --tokenizer character",
        "subwords": "text.txt --tokenizer subword:bpe --max-size 200 --digits zero",
        "given": "text.txt --tokenizer pieces",
    }
    printed = data.shell(
        *(
            f"corpus build {how} --out {name}.corpus --threads 1 --quiet --json"
            for name, how in built.items()
        ),
        "corpus stats plain.corpus --top 5 --json",
        "phrases plain.corpus --out joined.corpus --threshold 3 --passes 2 --json",
    )
    found = dict(zip([*built, "stats", "phrases"], printed, strict=True))
    return found | {f"{name}-stored": stored(f"{name}.corpus") for name in (*built, "joined")}


@case
def phrases() -> Results:
    """Pairs that stand together, by both scores."""
    lines = data.corpus(0, 2000)
    found: Results = {}
    variants: dict[str, dict[str, Any]] = {
        "word2phrase": {"threshold": 5.0, "passes": 2},
        "npmi": {"score": "npmi", "threshold": 0.4, "connectors": ("of", "the")},
    }
    for name, how in variants.items():
        joined, pairs = sk.find_phrases(lines, **how)
        found[name] = [joined, pairs]
    return found


@case
def labelled() -> Results:
    """Labelled texts, their parts, copies between them."""
    texts, labels = data.reviews(0, 300)
    data.write(
        "rows.tsv", ["text\tlabel\ttopic", *(f"{t}\t{y}\tfilm" for t, y in zip(texts, labels, strict=True))]
    )
    data.write("rows.txt", [f"{y} {t}" for t, y in zip(texts, labels, strict=True)])
    rows = [
        sk.labelled("rows.tsv"),
        sk.labelled("rows.tsv", label=("label", "topic")),
        sk.labelled("rows.txt"),
    ]
    shares = {"train": 0.7, "dev": 0.2, "test": 0.1}
    groups = [i // 7 for i in range(len(texts))]
    parts = sk.split(labels, shares, seed=5)
    ends = [0, 160, 210, 250]
    named = {name: texts[a:b] for name, (a, b) in zip(shares, pairwise(ends), strict=True)}
    copies = sk.duplicates(named, threshold=0.6, labels={"dev": labels[160:210]})
    return {
        "rows": [[(row.text, row.labels) for row in part] for part in rows],
        "split": parts,
        "split-groups": sk.split(labels, shares, groups=groups),
        "copies": copies,
        "read": list(sk.read("rows.tsv", column="text")),
    }
