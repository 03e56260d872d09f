"""Which of all that was said and of the material belongs into a prompt: index, ranking, selection; pure, no model."""
