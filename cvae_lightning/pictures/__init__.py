"""Pictures as they are shown: grids with captions, frames with verdicts; Pillow alone."""
