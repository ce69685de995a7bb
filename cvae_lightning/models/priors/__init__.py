"""p(z | caption): where latents come from when there is no image."""
