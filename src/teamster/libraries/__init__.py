"""Reusable asset factories: one package a transport or a vendor."""
