"""Text as it is read: blocks, sentences, what they must not lose, and the words they are about."""
