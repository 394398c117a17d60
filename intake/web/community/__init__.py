"""Pages of community workers (社区工作者)."""
