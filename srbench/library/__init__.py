"""What a program calls: count and time anything, with results that show themselves."""
