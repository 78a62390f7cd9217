"""The networks that torchvision lacks, or has in another form. One file per family."""
