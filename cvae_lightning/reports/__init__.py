"""Pictures, tables and pages of finished runs; takes results and arrays, and never runs a model."""
