"""Many scenes at a time, as NumPy arrays: the same random draws, scenes, captions and pixels as one scene at a time."""
