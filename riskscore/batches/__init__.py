"""Many files, resumable: sample sets from a folder or manifest, shards, one dataset."""
