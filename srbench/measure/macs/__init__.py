"""MACs of a forward pass, counted by torch's dispatcher, which sees every operator that runs.

An operator counts what its formula says, from the shapes of its arguments and its result alone.
One multiply-add is one MAC. Convolutions, linear layers and matrix products have formulas, bias
excluded; everything else is not counted: by convention (`conventions`), or with a warning.
"""
