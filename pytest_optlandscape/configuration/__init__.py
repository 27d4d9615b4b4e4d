"""Parsing of pytest's configuration: kinds of values, profiles, declared adapters; imports no NumPy."""
