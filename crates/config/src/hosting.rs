//! What a service that hosts containers tells them by variables.

use crate::{
    Environment,
    layers::Origin,
    problem::{Problem, Problems},
};

/// Where SageMaker wants a container to listen where it is not alone on its machine.
const PORT: &str = "SAGEMAKER_BIND_TO_PORT";
/// Whether SageMaker brings models one by one.
const MANY: &str = "SAGEMAKER_MULTI_MODEL";
/// What the process is to do where no flag says so.
pub(crate) const ROLE: &str = "BUSBAR_ROLE";

/// What a container is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hosting {
    /// Where to listen.
    pub port: u16,
    /// Whether models are brought one by one, and none is there at the start.
    pub many: bool,
}

impl Environment {
    /// What a container is told.
    ///
    /// # Errors
    /// The port is none.
    pub fn hosting(&self) -> Result<Hosting, Problems> {
        let port = self.get(PORT).map_or(Ok(8080), |port| {
            port.parse().ok().filter(|port| *port > 0).ok_or_else(|| Problem {
                field: "server.listen".to_owned(),
                origin: Some(Origin::Environment(PORT.to_owned())),
                message: format!("`{port}` is no port; write 8080"),
            })
        })?;
        let many = self
            .get(MANY)
            .is_some_and(|many| many.eq_ignore_ascii_case("true"));
        Ok(Hosting { port, many })
    }

    /// What the process is to do, where it is said by a variable.
    pub fn role(&self) -> Option<&str> {
        self.get(ROLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&str, &str)]) -> Result<Hosting, Problems> {
        Environment::from_pairs(pairs.iter().copied()).hosting()
    }

    #[test]
    fn a_container_listens_where_it_is_told_to() {
        let usual = Hosting {
            port: 8080,
            many: false,
        };
        assert_eq!(told(&[]).unwrap(), usual);
        let told_so = told(&[
            (PORT, "9000"),
            (MANY, "true"),
            ("SAGEMAKER_SAFE_PORT_RANGE", "9000-9001"),
        ]);
        assert_eq!(
            told_so.unwrap(),
            Hosting {
                port: 9000,
                many: true
            }
        );
        for wrong in ["0", "http", "70000"] {
            let wrong = told(&[(PORT, wrong)]).unwrap_err().to_string();
            assert!(wrong.contains(PORT), "{wrong}");
        }
    }
}
