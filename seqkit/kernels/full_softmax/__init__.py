"""One mini-batch of skip-gram or CBOW with the softmax over the whole vocabulary."""
