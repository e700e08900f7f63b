"""Level 0: what everything stands on. Imports nothing of seqkit but itself."""
