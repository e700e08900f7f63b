"""Rows without their part in a subspace, made unit."""
