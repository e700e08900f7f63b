"""One pass of skip-gram or CBOW over a stretch of text with binary predictions: negative sampling,
hierarchical softmax.
"""
