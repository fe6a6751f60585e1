//! What Lambda gives a function: variables that have to be there, and a file system of which one directory
//! can be written to.

use busbar_config::Environment;
use lambda_http::Error;

/// Set by Lambda for every runtime; the library that speaks to it does not go without them.
const BY_LAMBDA: &[&str] = &[
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
];

/// Where programs keep their data, as long as nobody says otherwise: what serves, and what served before,
/// is kept under the data directory, and everything but this is read only.
const DATA: (&str, &str) = ("XDG_DATA_HOME", "/tmp");

/// Where a process says what it does among others.
const DUTY: &str = "BUSBAR_METRICS__DUTY";

/// Whether this is Lambda, or something that plays it.
pub(crate) fn check() -> Result<(), Error> {
    let missing = BY_LAMBDA.iter().find(|name| std::env::var_os(name).is_none());
    missing.map_or(Ok(()), |name| {
        Err(
            format!("{name} is not set: AWS Lambda starts this program; on a machine, run `busbar serve`")
                .into(),
        )
    })
}

/// The variables of the process, with what Lambda lacks.
pub(crate) fn environment() -> Environment {
    let duty = std::env::var(BY_LAMBDA[1]).unwrap_or_default();
    with_duty(with_data(Environment::of_process()), &duty)
}

fn with_data(environment: Environment) -> Environment {
    environment.or(DATA.0, DATA.1)
}

/// What a function's name has more than that of everything it belongs to is what it does there.
fn with_duty(environment: Environment, function: &str) -> Environment {
    let duty = environment
        .name_of_metrics()
        .and_then(|name| function.strip_prefix(name)?.strip_prefix('-'))
        .unwrap_or_default()
        .to_owned();
    environment.or(DUTY, &duty)
}

// Elsewhere that variable says nothing.
#[cfg(all(test, unix, not(target_os = "macos")))]
mod tests {
    use busbar_config::{Sources, load};

    use super::*;

    #[test]
    fn data_is_kept_where_a_function_may_write_unless_somebody_says_otherwise() {
        for (variables, home) in [
            (vec![], "/tmp/busbar"),
            (vec![("HOME", "/home/a")], "/tmp/busbar"),
            (vec![("BUSBAR_HOME", "/mnt/files")], "/mnt/files"),
        ] {
            let sources = Sources {
                environment: with_data(Environment::from_pairs(variables)),
                ..Sources::default()
            };
            let loaded = load(&sources).unwrap();
            assert_eq!(loaded.config.storage.home, std::path::Path::new(home));
        }
    }
}
