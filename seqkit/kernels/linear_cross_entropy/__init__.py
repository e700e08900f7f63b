"""The loss of a linear layer over a vocabulary, its logits never whole in memory."""
