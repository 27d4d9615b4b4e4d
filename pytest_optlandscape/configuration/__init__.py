"""Words of the configuration: kinds of values, profiles, declared adapters. Nothing here imports NumPy."""
