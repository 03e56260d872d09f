"""`masterx replay`: plays recorded dialogues through a service and says what it did with them."""
