"""Where people are among the reference people, by principal components."""
