"""What ``--optlandscape`` adds to a session of pytest. Imported only when that option is given."""
