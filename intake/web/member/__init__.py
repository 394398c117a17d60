"""委员: cards and topics."""
