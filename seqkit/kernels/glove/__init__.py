"""One AdaGrad pass of GloVe over pairs of words, and the order in which pairs are visited."""
