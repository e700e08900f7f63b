"""Word sets as a table: lists, counts, and the words that vectors lack."""

from typing import Any

from seqkit.debias.words.lookup import Case, spellings
from seqkit.debias.words.sets import WordSets
from seqkit.embeddings.vectors.vectors import Vectors


def describe(words: WordSets, vectors: Vectors | None = None, case: Case = "exact") -> dict[str, Any]:
    """All of the word sets as plain values; parts: each list with the words that `vectors` lack."""
    plain = words.to_json()
    sets = {part: plain[part] for part in ("definitional", "equalize") if plain[part]}
    named = {"specific": list(words.specific)} if words.specific else {}
    flat = (
        {part: [word for row in found for word in row] for part, found in sets.items()}
        | named
        | plain["lists"]
    )
    every = {word for part in flat.values() for word in part}
    known = every if vectors is None else set(spellings(vectors.vocab, every, case))
    parts = []
    for name, part in flat.items():
        text = ", ".join("–".join(row) for row in sets[name]) if name in sets else ", ".join(part)
        lost = [word for word in dict.fromkeys(part) if word not in known]
        parts.append(
            {
                "list": name,
                "count": len(sets.get(name, part)),
                "missing": len(lost),
                "lost": lost,
                "text": text,
            }
        )
    return {**plain, "sha256": words.checksum, "parts": parts}
