"""Which targets, and which ways of sharing the encoder, give what: many short runs, read out alike."""
