//! The server through its router, without a socket, with a scripted model; one file a concern.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod apart;
mod chat;
mod choices;
mod every_request;
mod guests;
mod images;
mod logs;
mod other_endpoints;
mod passing;
mod pictures;
mod registry;
mod socket;
mod statuses;
mod support;
mod traces;
