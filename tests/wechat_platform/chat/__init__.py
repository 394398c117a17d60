"""A page that looks like a chat on a phone, in front of the simulated platform: for trying the WeChat way without an account."""
