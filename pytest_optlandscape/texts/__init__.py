"""Small texts that every room writes: numbers with their nouns, suggestions for misspelt names, printable excerpts."""
