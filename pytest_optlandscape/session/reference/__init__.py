"""What a session compares with: a stored baseline, or another revision that is checked out and run."""
