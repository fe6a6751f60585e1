//! The few numbers that all bodies have, by whatever names.

use busbar_core::{Error, Result, Sampling, Tokens};

/// A limit on the answer, checked.
pub(crate) fn most(param: &str, most: Option<u32>) -> Result<Option<Tokens>> {
    match most {
        Some(0) => Err(Error::invalid(
            param,
            format!("`{param}` must be at least 1, not 0"),
        )),
        most => Ok(most.map(Tokens)),
    }
}

/// Stop texts, checked.
pub(crate) fn stop(param: &str, stop: Vec<String>) -> Result<Vec<String>> {
    match stop.iter().position(String::is_empty) {
        Some(place) => {
            let param = format!("{param}[{place}]");
            Err(Error::invalid(&*param, format!("`{param}` must not be empty")))
        }
        None => Ok(stop),
    }
}

/// Sampling, checked; `names` says what our fields are called in the body where that is otherwise.
pub(crate) fn check(sampling: &Sampling, names: &[(&str, &str)]) -> Result<()> {
    sampling.check().map_err(|error| {
        let found = names.iter().find(|(ours, _)| error.param() == Some(ours));
        let Some((ours, theirs)) = found else { return error };
        let message = error
            .message()
            .replace(&format!("`{ours}`"), &format!("`{theirs}`"));
        Error::invalid(*theirs, message)
    })
}
