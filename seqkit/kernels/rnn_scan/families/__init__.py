"""The pointwise passes of a cell, forward and backward: one folder a family, found by its name.

__init__.py has the passes as torch operations, cpu.py the same compiled."""
