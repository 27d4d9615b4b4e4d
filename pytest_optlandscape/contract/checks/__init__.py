"""The checks of the contract, by subject. A check is a function that takes an optimizer and raises if it fails."""
