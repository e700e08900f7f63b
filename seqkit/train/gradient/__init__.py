"""Training by gradients: a torch module as a Learner."""
