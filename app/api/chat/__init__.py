"""The chat as WebSocket frames: the same turn underneath as over REST and SSE."""
