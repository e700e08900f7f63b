"""Weighted counts of the pairs of words that stand within a window of each other, and sums of such counts."""
