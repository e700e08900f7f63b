"""A bag of words: a text as the sum of its rows of a table, with a softmax; trained text by text."""
