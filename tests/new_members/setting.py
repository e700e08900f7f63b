"""A setting of all tasks with a recurrent network: one field, and the place that uses it.

Flag, help, check, search range and run.json come from the field. A setting of one task stands in the options.py
of its folder.
"""

FILE = "models/options.py"
BEFORE = {
    "    bidirectional: bool": """    embed_share: float = option(
        1.0, low=0.1, high=1.0, search="0.25..1", help="share of embed_dim that is kept"
    )
""",
}
INSTEAD = {
    "return self.embed_dim or self.hidden_size": (
        "return max(1, round(self.embed_share * (self.embed_dim or self.hidden_size)))"
    ),
}
