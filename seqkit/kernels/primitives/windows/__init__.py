"""Which tokens are kept, how wide each window is, which noise words are drawn: all by position, with no
state.
"""
