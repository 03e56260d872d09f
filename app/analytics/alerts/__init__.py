"""What somebody should know of now, why it is likely so, and what to do: plain values and rules."""
