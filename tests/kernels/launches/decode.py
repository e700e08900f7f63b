import torch

from seqkit.kernels.decode import gpu, persistent
from seqkit.kernels.decode.rules import Rules
from seqkit.nn.cell import cell

DRAWN, GREEDY = (Rules(0.7), True), (Rules(0.0, eos=1, stop=True), False)  # with scores or without
CASES = {  # H, V, layers, rows, which are odd: a real launch knows of no divisor
    "lstm": [((256, 65, 2, rows), how) for rows in (31, 1023) for how in (DRAWN, GREEDY)]
    + [((20, 7, 1, 5), DRAWN), ((450, 1000, 3, 33), DRAWN)],
    "peephole-lstm": [((256, 65, 2, 31), DRAWN)],
    "gru": [((256, 65, 2, rows), DRAWN) for rows in (31, 1023)],
    "min-gru": [((256, 65, 2, 31), DRAWN)],
    "rnn": [((256, 65, 2, 1023), DRAWN)],
    "relu-rnn": [((256, 65, 2, 31), GREEDY)],
}


def launch():
    for kind, cases in CASES.items():
        for (H, V, layers, rows), (rules, scores) in cases:
            cells = [cell(kind, 16 if n == 0 else H, H) for n in range(layers)]
            parts = [persistent.Layer(c.weight_input, c.bias, c.weight_hidden, *c.extra()) for c in cells]
            model = persistent.pack(kind, parts, torch.zeros(V, 16), (torch.zeros(V, H), torch.zeros(V)))
            states = torch.zeros(cells[0].states, rows, layers, len(model.head))
            given, never = torch.zeros(5 * rows + 1, dtype=torch.int64), torch.zeros(V, dtype=torch.uint8)
            gpu.write(model, states, given, never, rules, 63, 101, scores=scores)
