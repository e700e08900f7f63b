"""Sums of the unit rows of a matrix and of their products."""
