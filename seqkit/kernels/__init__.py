"""Level 1: arrays in, arrays out. One folder an operation: reference.py is the specification, cpu.py and
gpu.py its twins.
"""
