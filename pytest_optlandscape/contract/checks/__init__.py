"""The checks of the contract, by subject: a check is a function that is given an optimizer and complains."""
