"""The first table of a repository: its layout with every key explained, and its workflow."""
