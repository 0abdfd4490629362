"""The composition root: what the configuration says becomes plain values, and the parts are put together and run."""
