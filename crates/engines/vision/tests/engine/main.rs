//! The engine from outside: files in, labels out.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "functions beside the tests belong to them"
)]

mod answers;
mod contract;
mod files;
mod limits;
mod pillow;
mod runtimes;
mod support;
