"""One pass of skip-gram or CBOW with binary predictions: negative sampling, hierarchical softmax."""
