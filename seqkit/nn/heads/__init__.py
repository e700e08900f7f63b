"""Losses over a vocabulary from the output of a stack; one head a file, the folder is the registry."""
