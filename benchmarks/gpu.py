"""All that a GPU shall answer, in one call of at most 8 minutes: are the models right there, and how fast?

    python -m benchmarks gpu run [--budget 460]   steps in order of worth, each a process with a limit of its own
    python -m benchmarks gpu dry                  the same on a CPU at tiny sizes: does the script itself run?
    python -m benchmarks gpu golden               on a CPU: write anew what the models are compared with
    python -m benchmarks gpu step NAME            one step

After each step all results so far are in $OUT/result.json (or ./gpu_out), so a lost machine loses one step.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks._common import parser


def main(args: list[str]) -> None:
    """Run what is asked for."""
    options = parser(__doc__)
    options.formatter_class = argparse.RawDescriptionHelpFormatter
    options.add_argument("what", nargs="?", default="run", choices=["run", "dry", "golden", "step"])
    options.add_argument("name", nargs="?", help="of the step")
    options.add_argument("--budget", type=float, default=460, help="seconds for all steps")
    options.add_argument("--dry", action="store_true", help="on a CPU, tiny")
    chosen = options.parse_args(args)
    if chosen.what == "golden":
        from benchmarks._gpu.cases import CASES, GOLDEN

        GOLDEN.write_text(json.dumps({name: case("cpu") for name, case in CASES.items()}, indent=0))
    elif chosen.what == "step":
        from benchmarks._gpu.steps import STEPS

        print(json.dumps(STEPS[chosen.name][0](chosen.dry, chosen.data)))
    else:
        found = run(chosen.data, chosen.budget, dry=chosen.dry or chosen.what == "dry")
        sys.exit(any("error" in result or result.get("failed") for result in found.values()))


def run(data: Path, budget: float, *, dry: bool) -> dict[str, dict[str, Any]]:
    """All steps for which there is time; their results."""
    from benchmarks._gpu.steps import STEPS

    out = Path(os.environ.get("OUT", "gpu_out"))
    out.mkdir(parents=True, exist_ok=True)
    began, results = time.monotonic(), {}
    for name, (_, most) in STEPS.items():
        left = budget - (time.monotonic() - began)
        results[name] = {"skipped": "no time left"} if left < 15 else step(name, data, min(most, left), dry)
        (out / "result.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
        print(name, json.dumps(results[name], ensure_ascii=False), flush=True)
    print(f"{time.monotonic() - began:.0f} s in all; results in {out / 'result.json'}")
    return results


def step(name: str, data: Path, most: float, dry: bool) -> dict[str, Any]:
    """One step in a process of its own."""
    started = time.monotonic()
    call = [sys.executable, "-m", "benchmarks", "gpu", "step", name, "--data", str(data), *["--dry"] * dry]
    try:
        done = subprocess.run(call, capture_output=True, text=True, timeout=most, check=False)
        last = done.stdout.strip().rpartition("\n")[2]
        found = json.loads(last) if done.returncode == 0 else {"error": done.stderr[-2000:]}
    except subprocess.TimeoutExpired as error:
        so_far = (error.stdout or b"").decode(errors="replace").rpartition("\n")[0].rpartition("\n")[2]
        found = {"error": f"took longer than {most:.0f} s", "so far": so_far}
    return {**found, "wall": round(time.monotonic() - started, 1)}
