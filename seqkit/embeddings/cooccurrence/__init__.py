"""Counts of which words stand near which."""
