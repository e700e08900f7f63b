"""The compiler of the CPU kernels."""
