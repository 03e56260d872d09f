"""The HTTP entrance: requests to calls, records to JSON, errors to problem details."""
