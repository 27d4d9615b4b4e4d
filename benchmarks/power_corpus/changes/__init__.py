"""Changes of the reference optimizers, a file for each."""
