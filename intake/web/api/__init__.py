"""What other systems read and write (接口)."""
