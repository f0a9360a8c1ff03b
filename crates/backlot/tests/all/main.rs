//! Tests of the program as a whole, in one binary: they compile and start faster that way.

mod config;
mod direction;
mod fuzz;
mod references;
