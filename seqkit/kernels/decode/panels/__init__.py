"""The product of one panel of weights with the numbers of many rows."""
