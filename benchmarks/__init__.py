"""One file a claim: `python -m benchmarks NAME [--data FOLDER]` prints ours beside a peer, measured in one
run.
"""
