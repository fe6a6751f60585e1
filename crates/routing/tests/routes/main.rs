//! Routes over scripted models: what is asked, in which order, and what the client gets.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests: what fails here fails the test"
)]

mod beyond;
mod cached;
mod chosen;
mod contract;
mod failing;
mod late;
mod passed_on;
mod resumed;
mod spent;
mod support;
