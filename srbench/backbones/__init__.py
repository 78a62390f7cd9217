"""The networks that torchvision lacks, or has in another form. One family, one file."""
