"""Detecting things in images: regions, shapes, colours and sizes, from pixels alone."""
