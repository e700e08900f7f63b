"""Many rows of a recurrent language model that go on token by token, each from its own random numbers."""
