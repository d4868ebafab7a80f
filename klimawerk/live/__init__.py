"""Something changed: names of changed things, announced to those who may know of them."""
