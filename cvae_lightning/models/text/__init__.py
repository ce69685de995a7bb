"""Captions to vectors."""
