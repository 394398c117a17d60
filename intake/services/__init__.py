"""Use cases: take a Session, check permission and policy, flush, never commit."""
