"""One string names a model: parsing it, grids of them, and the cases that they stand for."""
