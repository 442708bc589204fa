"""What papers published: terms, models, the reader of model folders, the reference tables."""
