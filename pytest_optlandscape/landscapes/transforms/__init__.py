"""Landscapes derived from others by affine maps, instances and sub-boxes, with all facts transformed."""
