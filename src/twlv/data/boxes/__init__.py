"""Boxes of people on key frames: AVA's files, tubes of UCF101-24 and JHMDB, detections and their score."""
