"""What every integration needs and no vendor or transport owns."""
