"""Fixed seeds: a tiny run of every task, and the hash of every number it gives: does a change change any?

    python -m benchmarks fixed_seed --out before.json       (before the change)
    python -m benchmarks fixed_seed --against before.json   (after it, on the same machine)

The cases (benchmarks/_fixed) use only public names and the command line. Hashes differ between machines whose
processors round in another way, so compare runs of one machine. Bar: none differs. With --data the cases that
read real data run too.
"""

import argparse
import contextlib
import importlib
import json
import os
import pkgutil
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: how sums are cut depends on it

from benchmarks import _fixed
from benchmarks._fixed.table import CASES, Case, digest, settings_of

WIDE = 60


def results(chosen: list[Case], data: Path | None) -> tuple[dict[str, str], list[str]]:
    """The hash of every result of some cases, printed as it comes, and the cases that ended with an error."""
    found: dict[str, str] = {}
    broken: list[str] = []
    for one in chosen:
        started = time.perf_counter()
        try:
            hashes = run(one, data)
        except Exception:
            traceback.print_exc()
            broken.append(one.name)
            continue
        for name, text in hashes.items():
            print(f"{name:{WIDE}} {text[:16]}", flush=True)
        print(f"{one.name}: {time.perf_counter() - started:.1f} s", file=sys.stderr)
        found |= hashes
    return found, broken


def run(one: Case, data: Path | None) -> dict[str, str]:
    """The hashes of a case, run in an empty folder; the settings of all it saved are one more result."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = one.run(data) if one.real else one.run()
        given |= {"settings": told} if (told := settings_of(given)) else {}
        return {f"{one.name}/{name}": digest(value) for name, value in given.items()}


def compare(ours: dict[str, str], theirs: dict[str, str]) -> bool:
    """Print what is equal, what differs and what only one side has; return whether none differs."""
    names = sorted(ours.keys() | theirs.keys())
    verdicts = {name: _verdict(ours.get(name), theirs.get(name)) for name in names}
    for name, verdict in verdicts.items():
        print(f"{name:{WIDE}} {verdict}")
    values = list(verdicts.values())
    print(", ".join(f"{values.count(verdict)} {verdict}" for verdict in dict.fromkeys(values)))
    return "differs" not in values


def _verdict(ours: str | None, theirs: str | None) -> str:
    if ours is None or theirs is None:
        return "only there" if ours is None else "only here"
    return "equal" if ours == theirs else "differs"


def main(args: list[str]) -> None:
    """Run the cases, print and compare."""
    parser = argparse.ArgumentParser(
        "fixed_seed", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, help="write all hashes to this JSON file")
    parser.add_argument(
        "--against", type=Path, help="compare with this file; exit code 1 if any hash differs"
    )
    parser.add_argument(
        "--only", action="append", default=[], help="cases whose name begins so, as lm or lm/cells"
    )
    parser.add_argument(
        "--data", type=Path, help="folder of the real data sets: run the cases that read them too"
    )
    asked = parser.parse_args(args)
    for module in pkgutil.iter_modules(_fixed.__path__):
        importlib.import_module(f"benchmarks._fixed.{module.name}")
    chosen = [one for name, one in sorted(CASES.items()) if name.startswith(tuple(asked.only) or "")]
    chosen = [one for one in chosen if asked.data or not one.real]
    if not chosen:
        sys.exit(f"--only: no case begins with {' or '.join(asked.only)}; known: {', '.join(sorted(CASES))}")
    found, broken = results(chosen, asked.data and asked.data.resolve())
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    same = True
    if asked.against:
        before = json.loads(asked.against.read_text(encoding="utf-8"))
        begun = tuple(f"{one.name}/" for one in chosen) if asked.only else ""
        same = compare(found, {name: text for name, text in before.items() if name.startswith(begun)})
    print(f"{len(chosen)} cases, {len(found)} results; ended with an error: {', '.join(broken) or 'none'}")
    sys.exit(0 if same and not broken else 1)
