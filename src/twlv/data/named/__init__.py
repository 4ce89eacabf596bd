"""Data sets by name: a card and a reader in one small file each.

``table.TABLE`` holds the cards. Nothing is downloaded and no class list ships: annotations are read from the
user's folder in their official forms, with the official index, and compared with what the card expects.
"""
