//! `souk-local` as a process of its own: how it starts, how it ends, and that being killed costs it nothing.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod crash;
mod local;
mod startup;
