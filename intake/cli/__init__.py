"""The `zhibao` command, one group a file."""
