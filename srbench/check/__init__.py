"""The CI gate: are committed counts, files and times still correct?"""
