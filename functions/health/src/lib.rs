//! Answers whether Souk is up, and its version.
