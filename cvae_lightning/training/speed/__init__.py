"""Training speed, measured by alternating variants step by step: machines that others use compare in no other way."""
