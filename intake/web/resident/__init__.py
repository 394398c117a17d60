"""居民: form, receipt, tracking."""
