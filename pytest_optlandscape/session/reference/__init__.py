"""The reference of a session: the stored baseline, or another revision that is checked out and run."""
