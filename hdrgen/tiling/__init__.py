"""Large images in parts: tiles for networks, strips for what needs a few rows only, in bounded memory."""
