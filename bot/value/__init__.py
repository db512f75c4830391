"""What work is for: the outcomes there are, which of them items are traced to, and the numbers that are asked for."""
