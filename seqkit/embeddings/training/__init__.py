"""Word vectors from a corpus or from counts."""
