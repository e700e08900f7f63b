"""A text as the sum of its rows of a table, a softmax on it: training, one text after the other."""
