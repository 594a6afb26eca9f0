"""The handbook, the decisions, and what writes the generated parts of them."""
