"""What files say beside their pixels: EXIF, colour profiles, CICP numbers."""
