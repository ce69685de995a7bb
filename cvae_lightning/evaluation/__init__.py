"""How good a model is: shares with intervals, bounds in nats, coverage of positions; writes no files."""
