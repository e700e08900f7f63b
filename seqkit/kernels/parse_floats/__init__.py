"""Lines of a word and numbers, as bytes, to a float32 matrix."""
