"""Analogies and similarity: files of questions, and scores."""
