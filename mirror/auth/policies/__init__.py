"""IAM's policy language: documents in, decisions with their reasons out (auth-and-policy §4 to §6)."""
