"""Formulas: evaluation on floats, arrays and tensors, and derivatives."""
