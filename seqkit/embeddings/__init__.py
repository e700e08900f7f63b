"""Level 2: word vectors: objectives that train them, files that hold them, questions asked of them."""
