//! The market, end to end.
