"""Latents and captions to mean images."""
