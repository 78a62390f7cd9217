"""Data sets: images with labels, or with a class for each pixel, and how they are split."""
