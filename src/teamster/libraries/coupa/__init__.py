"""Coupa: purchasing, its users and addresses."""
