"""How a learner seems to feel, from their text and from what they do; never from voice, face or rhythm of typing."""
