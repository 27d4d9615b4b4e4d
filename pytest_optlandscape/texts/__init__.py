"""Text helpers for all rooms: plurals, suggestions for misspelt names, printable excerpts."""
