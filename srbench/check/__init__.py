"""The gate of a CI: are committed counts, files and times still true?"""
