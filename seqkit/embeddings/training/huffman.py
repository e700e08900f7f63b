"""Huffman codes of a vocabulary: the tree of hierarchical softmax."""

import heapq
from typing import Annotated

import numpy as np

from seqkit.core.types import Array, Floats, Ids


def huffman(
    counts: Annotated[Array, "V"],
) -> tuple[Annotated[Ids, "P"], Annotated[Floats, "P"], Annotated[Array, "N"]]:
    """The path of every word with a count, root first: (points, labels, ends).

    Word w meets the inner nodes points[ends[w]:ends[w+1]], and its label there is 1 where it goes to the
    heavier branch (code 0), else 0. Words of count 0 have no path; n words have n - 1 inner nodes, the root
    the last of them.

    Shapes:  points, labels (P,) with P the sum of code lengths; ends (V + 1,).
    Source:  Huffman 1952; ties by age, leaves first, so the longest code is as short as it can be.

    >>> points, labels, ends = huffman(np.array([5, 2, 1]))
    >>> np.diff(ends).tolist(), points.tolist()
    ([1, 2, 2], [1, 1, 0, 1, 0])
    """
    words = np.flatnonzero(counts)
    heap = [(int(counts[word]), age, -1 - age) for age, word in enumerate(words)]  # leaf i is -1 - i
    heapq.heapify(heap)
    parent = np.zeros(max(len(words) - 1, 0), np.int64)
    leaf_parent = np.zeros(len(words), np.int64)
    label, leaf_label = np.zeros(len(parent), np.float32), np.zeros(len(words), np.float32)
    for node in range(len(parent)):
        pair = heapq.heappop(heap), heapq.heappop(heap)
        for turn, (_, _, child) in enumerate(pair):  # the lighter one has label 0
            (leaf_parent if child < 0 else parent)[-1 - child if child < 0 else child] = node
            (leaf_label if child < 0 else label)[-1 - child if child < 0 else child] = turn
        heapq.heappush(heap, (pair[0][0] + pair[1][0], len(words) + node, node))
    points: list[int] = []
    labels: list[float] = []
    lengths = np.zeros(len(counts) + 1, np.int64)
    for i, word in enumerate(words if len(parent) else []):
        nodes, turns = [int(leaf_parent[i])], [float(leaf_label[i])]
        while nodes[-1] < len(parent) - 1:
            turns.append(float(label[nodes[-1]]))
            nodes.append(int(parent[nodes[-1]]))
        points += nodes[::-1]
        labels += turns[::-1]
        lengths[word + 1] = len(nodes)
    return np.array(points, np.int32), np.array(labels, np.float32), np.cumsum(lengths)
