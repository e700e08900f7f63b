"""One pass of skip-gram or CBOW with negative sampling, where a word's vector is the mean of several rows."""
