"""What is in a picture: regions, shapes, things, from pixels alone."""
