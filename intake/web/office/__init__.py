"""交办机关: what was sent to it, whom it assigns, what is late."""
