"""What the benchmarks of trust share: the writing commands, processes forked from one, faults put into them."""
