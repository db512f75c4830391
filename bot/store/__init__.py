"""What is kept. Plain functions, session first; the caller owns the transaction."""
