"""Images to q(z | image, caption)."""
