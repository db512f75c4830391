"""What a team tries: measured before and since, and nudges held back at random."""
