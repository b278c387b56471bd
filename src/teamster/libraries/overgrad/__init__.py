"""Overgrad: college counselling, what students plan, apply for and are offered."""
