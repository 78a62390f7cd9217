"""From results to text: a `Table` for readers, flat rows for programs, one renderer per format."""
