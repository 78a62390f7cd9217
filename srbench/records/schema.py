"""What all records in files have in common: a version, how they are read, what they count."""

from typing import Literal

# 2: a measured record has a fingerprint and a date. 3: a timing has the requested precision.
# 4: its samples are divided into placements in memory, its setup may have an optimiser, and what
# the model's own code changed is stored separately.
# 5: MACs are counted by the dispatcher, and fvcore's may be missing; a record may be a training.
# 6: a record may be an analysis. 7: the details of counts are packed. 8: counts may have
# activations, bytes and layers. 9: counts may have the totals of other tools; a record may be a row
# of a paper's table that was judged.
SCHEMA = 9
Kind = Literal[
    "counted", "timed", "trained", "analyzed", "published", "claimed"
]  # of what a record holds
STRICT = {"extra": "forbid", "allow_inf_nan": False}  # pydantic's, to read records from a file
CONVENTION = "one multiply-add is one MAC, FLOPs as fvcore's default handles count them"
COUNTER = "torch's dispatcher"  # of the MACs
