"""Faults on a seed: members who talk while servers, processes and links fail, and what each then has on screen."""
