"""Choosing tokens step by step: drawing and searching."""
