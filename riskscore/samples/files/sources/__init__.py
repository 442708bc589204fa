"""Sources: a reader for each container, and several files read as one."""
