"""Online mathematics, pure: sketches, drift, forecasts, significance. One algorithm a file."""
