"""The pointwise passes of a cell, forward and backward, one family a file; the folder is the registry."""
