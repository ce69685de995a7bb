"""The demo's page: what each of its tabs does, how results are shown, and the server on this machine."""
