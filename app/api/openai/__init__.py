"""The OpenAI surface: any OpenAI client is a client of the tutor."""
