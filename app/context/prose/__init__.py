"""Text as it is read: blocks, sentences, what they bear, and which of them say most."""
