"""Long tests: the same checks as in the tests, many times with random choices; ``make campaign`` runs them."""
