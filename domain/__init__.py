"""The nouns and the ports of Aisle; imports nothing of ours and no vendor but pydantic."""
