"""Whole journeys: the product as `guildhall up` starts it, met from outside."""
