"""The work of each command, imported once its arguments are known to be right."""
