"""Operations on rows of floats: the vector instructions the training kernels are made of."""
