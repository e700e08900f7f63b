"""One affine map of all rows of a matrix."""
