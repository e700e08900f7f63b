"""Sigmoid, tanh, sums and bfloat16 conversions of whole rows that start anywhere and have any length."""
