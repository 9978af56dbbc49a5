"""The only credentials that the simulator knows. They are no secret: it listens on loopback and costs nothing."""

ACCESS_KEY_ID = "simulator"
SECRET_ACCESS_KEY = "simulator"
REGION = "us-east-1"
BEARER_TOKEN = "simulator-bearer-token"
