"""Policies of choice, one algorithm a file; all of them discount what they learned, and add up over replicas."""
