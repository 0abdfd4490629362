"""What people type: one small module a verb, each with a function of the verb's name."""
