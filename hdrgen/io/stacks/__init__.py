"""Which files are one exposure stack, and how much light each of them received."""
