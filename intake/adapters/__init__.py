"""The outside world: databases, queues, keys, WeChat."""
