"""Python source as syntax trees: what a class or a function is defined from, as a digest.

Nothing here imports torch, or any of the modules that it reads.
"""
