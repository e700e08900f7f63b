"""The cases of `python -m benchmarks fixed_seed`, a task a file: tiny runs with fixed seeds."""
