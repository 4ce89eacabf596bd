"""Targets, one small file each; ``target`` says what they have in common."""
