"""What was observed of a person, and how sure the score is for what was not."""
