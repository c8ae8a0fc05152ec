"""Our own bytes and rows: content-addressed files, and the index that refers to them."""
