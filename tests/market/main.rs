//! The market, end to end: the real template, the real handlers, emulated services, a paused clock.

mod journey;
