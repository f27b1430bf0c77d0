"""Files of rows: reading, and writing them back labelled."""
