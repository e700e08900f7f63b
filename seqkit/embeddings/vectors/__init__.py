"""Word vectors: look-up, neighbours, analogies, quantisation, files."""
