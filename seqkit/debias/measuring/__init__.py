"""Measures of bias, and what can still be found after removal."""
