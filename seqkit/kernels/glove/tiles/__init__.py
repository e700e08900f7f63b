"""Pairs of words sorted by tile: a block of rows and a block of columns."""
