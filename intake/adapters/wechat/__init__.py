"""微信: the platform's callback, and what we ask of it; wechatpy stays inside this package."""
