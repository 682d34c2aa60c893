"""The tour: a small app that loses mail in silence, and what it takes to see and mend that."""
