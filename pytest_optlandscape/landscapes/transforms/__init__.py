"""Landscapes made from landscapes: affine maps, instances, sub-boxes. All facts of the original are carried along."""
