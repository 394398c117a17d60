"""The platform's callback."""
