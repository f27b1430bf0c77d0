"""The review queue: which texts a person should label, what they answered, what it says of the model."""
