"""What days are judged by: held, applied, imported, and published by two people."""
