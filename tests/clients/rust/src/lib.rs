//! Nothing: what there is are tests, of a client that others wrote.
