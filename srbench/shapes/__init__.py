"""A forward pass on shapes alone: recorded, replayed, and followed from operator to operator."""
