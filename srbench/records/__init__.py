"""What was measured: typed, kept as JSON lines, joined, compared and explained. No torch here."""
