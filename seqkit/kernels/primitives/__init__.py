"""What the kernels are built of."""
