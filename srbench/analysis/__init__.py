"""What trained blocks do with images: which memories or gates are used, and whether it matters."""
