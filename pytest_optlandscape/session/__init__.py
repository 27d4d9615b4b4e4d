"""The parts that ``--optlandscape`` adds to a pytest session. They are imported only with that option."""
