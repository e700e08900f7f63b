"""Level 1: the training loop, schedules, checkpoints and progress, for anything that is a Learner."""
