"""A paper's table judged: which of its figures hold, and under which convention."""
