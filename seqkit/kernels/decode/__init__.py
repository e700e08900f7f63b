"""Many rows of a recurrent language model, written token by token, each with its own random numbers."""
