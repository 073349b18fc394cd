"""Files of trained networks: reading them as data, and guarding against what they name."""
