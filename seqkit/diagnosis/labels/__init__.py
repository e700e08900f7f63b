"""Wrong labels of training rows: a linear judge, and confident learning on its probabilities."""
