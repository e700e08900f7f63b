"""What turns the output of a stack into a loss over a vocabulary; one head a file, the folder is the
registry.
"""
