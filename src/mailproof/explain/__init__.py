"""Read whatever was pasted, find the failure in it, and say it in plain words."""
