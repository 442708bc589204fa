"""Models as papers published them: terms, readers of folders and files, reference tables."""
