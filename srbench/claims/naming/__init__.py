"""The name of a model as papers print it, and the spec that it means.

A wrong spec would make a wrong verdict about a paper. So every word of a name has to be understood,
and a name with two meanings has none: its spec is then given in a file, under [names].
"""

from srbench.claims.naming.answers import Recognised, Unrecognised
from srbench.claims.naming.names_file import load_names, unused_names
from srbench.claims.naming.recognise import recognise

__all__ = ["Recognised", "Unrecognised", "load_names", "recognise", "unused_names"]
