"""What other tools would count of a forward pass: their rules, applied to what srbench sees.

A tool watches torch at one of three places: the operators of the dispatcher, the functions of
Python that it replaces (`torch.nn.functional.relu`), or the modules that it hangs hooks on. Here a
pass is watched at all three at once, and a `Convention` is a table of rules for each.
"""
