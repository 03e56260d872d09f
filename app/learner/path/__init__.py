"""What to learn next and why: skills over the graph of what they need, with the reviews that are due between them."""
