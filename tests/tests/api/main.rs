//! The Worker from outside: every route, every refusal with its positive control, and the session frame by frame.
