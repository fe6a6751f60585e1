//! Which addresses may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use busbar_core::Place;

use crate::{Failure, Target, special::special};

/// Ports below are those of a machine's own services, and only these two are the web's.
const WEB: [u16; 2] = [80, 443];
const FIRST_OF_ALL: u16 = 1024;

/// Which addresses may be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether those of the public internet may be.
    pub public: bool,
    /// Places that may be whatever they are.
    pub allow: Vec<Place>,
}

impl Default for Rules {
    /// The public internet.
    fn default() -> Self {
        Self {
            public: true,
            allow: Vec::new(),
        }
    }
}

impl Rules {
    /// Everything: for what whoever runs the program names, who can reach it anyway.
    pub fn all() -> Self {
        let every = [
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        ];
        Self {
            public: true,
            allow: every.map(|base| Place::Block { base, bits: 0 }).to_vec(),
        }
    }

    /// Whether anything may be connected to at all.
    pub fn allow_something(&self) -> bool {
        self.public || !self.allow.is_empty()
    }

    /// Looks at a target and at the addresses that its host has. One that may not be connected to
    /// among others that may is a host that means no good.
    ///
    /// # Errors
    /// `Refused`, with the same words for a host that is not there.
    pub fn check(&self, target: &Target, addresses: &[IpAddr]) -> Result<(), Failure> {
        if self.allow.iter().any(|place| place.names(target.host())) && !addresses.is_empty() {
            return Ok(());
        }
        let allowed = |address: &IpAddr| self.allow.iter().any(|place| place.covers(*address));
        let public = |address: &IpAddr| self.public && special(*address).is_none() && usual(target.port());
        let all = addresses
            .iter()
            .all(|address| allowed(address) || public(address));
        if all && !addresses.is_empty() {
            return Ok(());
        }
        Err(Failure::Refused(match self.public {
            true => {
                "names no host of the public internet, at a usual port; other places are fetched from only where \
                     the operator allows them (`fetch.allow`)"
            }
            false => "names no place that the operator allows (`fetch.allow`)",
        }))
    }
}

fn usual(port: u16) -> bool {
    port >= FIRST_OF_ALL || WEB.contains(&port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(public: bool, allow: &[&str]) -> Rules {
        Rules {
            public,
            allow: allow.iter().map(|place| place.parse().unwrap()).collect(),
        }
    }

    #[track_caller]
    fn check(rules: &Rules, url: &str, addresses: &[&str], passes: bool) {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let target = Target::read(url).unwrap();
        assert_eq!(
            rules.check(&target, &addresses).is_ok(),
            passes,
            "{url} {addresses:?}"
        );
    }

    #[test]
    fn the_public_internet_may_be_reached_and_nothing_else() {
        let usual = rules(true, &[]);
        check(&usual, "https://a.example/", &["8.8.8.8", "2606:4700::1"], true);
        check(&usual, "https://a.example/", &["8.8.8.8", "10.0.0.1"], false);
        check(&usual, "https://a.example/", &["::ffff:10.0.0.1"], false);
        check(&usual, "https://a.example/", &[], false);
        check(&usual, "http://a.example:8443/", &["8.8.8.8"], true);
        check(&usual, "http://a.example:25/", &["8.8.8.8"], false);
    }

    #[test]
    fn what_is_allowed_may_be_reached_and_its_neighbours_not() {
        let some = rules(true, &["10.1.0.0/16", "pictures.corp.example"]);
        check(&some, "http://a.example:99/", &["10.1.2.3"], true);
        check(&some, "http://a.example/", &["10.2.0.1"], false);
        check(&some, "http://a.example/", &["10.1.2.3", "10.2.0.1"], false);
        check(&some, "http://pictures.corp.example/", &["192.168.0.1"], true);
        check(&some, "http://pictures.corp.example/", &[], false);
        let only = rules(false, &["10.1.0.0/16"]);
        check(&only, "http://a.example/", &["8.8.8.8"], false);
        check(&only, "http://a.example/", &["10.1.0.1"], true);
        assert!(!rules(false, &[]).allow_something());
        check(
            &Rules::all(),
            "http://a.example:22/",
            &["10.1.0.1", "::1", "8.8.8.8"],
            true,
        );
    }
}
