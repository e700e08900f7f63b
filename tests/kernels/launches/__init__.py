"""One file an operation with kernels of a GPU: its `launch()` makes each of its launches once, at the sizes of real work."""
