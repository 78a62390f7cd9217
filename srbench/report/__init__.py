"""From results to text: a `Table` for eyes, flat rows for machines, one small renderer a format."""
