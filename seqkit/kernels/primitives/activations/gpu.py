"""Activations in a kernel of a GPU, without overflow at any number; to 1e-7."""

import triton
import triton.language as tl


@triton.jit
def logistic(z, label):
    """(label - σ(z), -log σ(±z)), safe at both ends."""
    e = tl.exp(-tl.abs(z))
    sigma = tl.where(z >= 0, 1.0, e) / (1.0 + e)
    return label - sigma, tl.maximum(z, 0.0) - z * label + tl.log(1.0 + e)


@triton.jit
def sigmoid(x):
    """1 / (1 + exp(-x))."""
    small = tl.exp(-tl.abs(x))
    return tl.where(x >= 0, 1.0, small) / (1.0 + small)


@triton.jit
def tanh(x):
    """(1 - exp(-2x)) / (1 + exp(-2x)); nearer to 0 than 1/16 its series, which keeps the last digits."""
    small, square = tl.exp(-2.0 * tl.abs(x)), x * x
    far = (1.0 - small) / (1.0 + small)
    near = x * (1.0 + square * (-1.0 / 3.0 + square * (2.0 / 15.0)))
    return tl.where(tl.abs(x) < 0.0625, near, tl.where(x >= 0, far, -far))
