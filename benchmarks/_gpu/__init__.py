"""What `python -m benchmarks gpu` measures: cases with golden values, and the steps of a run."""
