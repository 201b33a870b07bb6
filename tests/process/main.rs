//! `souk-local` as a process of its own: how it starts, how it ends, and that being killed costs it nothing.

mod crash;
mod local;
mod startup;
