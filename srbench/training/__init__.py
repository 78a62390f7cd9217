"""Training: data, recipes, the loop and its checkpoints, each usable by itself."""
