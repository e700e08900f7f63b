"""Rows of (T, B, N) arrays in compiled code."""
