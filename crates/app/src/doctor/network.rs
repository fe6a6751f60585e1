//! The address to listen on: can it be had?

use std::net::{SocketAddr, TcpListener};

use super::Check;
use crate::Error;

pub(super) fn port(address: SocketAddr) -> Check {
    match TcpListener::bind(address) {
        Ok(_) => Check::good("address", format!("{address} is free")),
        Err(source) => {
            let message = Error::Listen { address, source }.to_string();
            let (found, fix) = message
                .split_once("; ")
                .unwrap_or((&message, "take another with --listen"));
            Check::bad("address", found, fix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn a_port_that_is_taken_is_bad_and_another_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let check = port(address);
        assert_eq!(check.state, State::Bad);
        assert!(check.fix.unwrap().contains("--listen 127.0.0.1:"));
        drop(taken);
        assert_eq!(port(address).state, State::Good);
    }
}
