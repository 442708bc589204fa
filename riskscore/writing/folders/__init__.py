"""Folders out: the bundle of a run, shards, the dataset of a batch, and their merging."""
