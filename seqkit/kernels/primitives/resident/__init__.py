"""What lies on a GPU while word vectors train there."""
