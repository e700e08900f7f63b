"""Work on a GPU that is recorded and started as a whole."""
