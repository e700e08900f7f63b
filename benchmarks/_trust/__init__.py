"""What the benchmarks of trust share: the writing commands, processes forked from one, faults put into them."""

import os

# before the libraries are imported: a process that forks has one thread
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
