"""Text made shorter with a known loss."""
