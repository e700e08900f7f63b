"""Threads that share work inside compiled code: a counter to take from, and a barrier."""
