//! What the tests of the whole market share.
