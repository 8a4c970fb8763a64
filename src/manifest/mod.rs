//! Text to objects and back.
