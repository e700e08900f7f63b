"""Measure bias in word vectors, and take it out."""
