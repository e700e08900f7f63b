"""A recurrent cell along time: the plain loop, the fused loop with its own backward, torch's own kernels."""
