"""What is out of the ordinary: for each series a baseline, how far off it is, and since when."""
