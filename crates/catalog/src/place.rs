//! A model named by its place: `hf:owner/repo/file.gguf`, `hf:owner/repo[:Q4_K_M]`, or an address.
//!
//! Only GGUF files are had so: they say themselves what they are. Anything else needs an entry.

use crate::{
    Error, Hub, Result, Source,
    means::Means,
    source::hf::repository::{Listing, Repository},
};

/// What is taken of a repository that has several, unless it is said.
const USUAL: &str = "q4_k_m";

/// A place as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    written: &'a str,
    kind: PlaceKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PlaceKind {
    /// A file, as a catalog would write it.
    File(String),
    /// A repository with a file to choose: the one that has this in its name.
    Repository { rest: String, tag: Option<String> },
}

/// Where the one file is, and what is known of it.
#[derive(Debug)]
pub(crate) struct Found {
    /// As a catalog would write it.
    pub(crate) source: String,
    pub(crate) file: String,
    /// What it comes from, for people.
    pub(crate) from: String,
    pub(crate) licence: Option<String>,
    pub(crate) page: String,
}

impl<'a> Place<'a> {
    /// The place that a text means; nothing if it is none.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        let kind = match on_the_hub(text) {
            Some(rest) => hub_place(&rest),
            None if text.starts_with("https:") || text.starts_with("http:") => {
                PlaceKind::File(text.to_owned())
            }
            None => return None,
        };
        Some(Self { written: text, kind })
    }

    /// Whether this is where a file came from.
    pub(crate) fn is_of(&self, source: &Source) -> bool {
        let [place] = &source.places()[..] else {
            return false;
        };
        match &self.kind {
            PlaceKind::File(own) => own == place,
            PlaceKind::Repository { rest, tag } => {
                let Some(found) = place.strip_prefix("hf:") else {
                    return false;
                };
                let (repository, file) = match Repository::parse(found) {
                    Ok((repository, Some(file))) => (repository, file),
                    _ => return false,
                };
                Repository::parse(rest).is_ok_and(|(own, _)| own == repository)
                    && tag.as_ref().is_none_or(|tag| has(&file, tag))
            }
        }
    }

    /// The one file that is meant. Asks the hub where there is one to ask.
    pub(crate) fn find(&self, means: Means<'_>) -> Result<Found> {
        match &self.kind {
            PlaceKind::File(place) => match place.strip_prefix("hf:") {
                Some(rest) => self.on_hub(rest, None, means),
                None => self.elsewhere(place),
            },
            PlaceKind::Repository { rest, tag } => self.on_hub(rest, tag.as_deref(), means),
        }
    }

    fn on_hub(&self, rest: &str, tag: Option<&str>, means: Means<'_>) -> Result<Found> {
        let (repository, path) = Repository::parse(rest).map_err(|says| self.refused(says))?;
        if let Some(path) = &path {
            self.is_gguf(path)?;
        }
        let listing = repository.listing(self.written, means)?;
        let path = match path {
            Some(path) => path,
            None => self.choose(&listing, tag)?,
        };
        Ok(Found {
            source: repository.place(&path),
            file: last(&path).to_owned(),
            from: repository.to_string(),
            licence: listing.licence().map(str::to_owned),
            page: format!("{}/{repository}", means.settings.hub.endpoint()),
        })
    }

    fn elsewhere(&self, address: &str) -> Result<Found> {
        // What comes after a `?` is often a signature: it neither lasts nor belongs into a list.
        if address.contains(['?', '#']) {
            return Err(self.refused("must end with the file's name, without '?' or '#'"));
        }
        let file = last(address);
        self.is_gguf(file)?;
        let page = address.strip_suffix(file).unwrap_or(address);
        Ok(Found {
            source: address.to_owned(),
            file: file.to_owned(),
            from: page.to_owned(),
            licence: None,
            page: page.to_owned(),
        })
    }

    fn choose(&self, listing: &Listing, tag: Option<&str>) -> Result<String> {
        let names = listing.siblings.iter().map(|file| file.rfilename.as_str());
        let all: Vec<&str> = names.filter(|name| is_whole_gguf(name)).collect();
        if all.is_empty() {
            return Err(self.refused("has no GGUF file that is a whole model"));
        }
        let fitting: Vec<&str> = match tag {
            Some(tag) => all.iter().copied().filter(|name| has(name, tag)).collect(),
            None => all.clone(),
        };
        let usual = || fitting.iter().find(|name| tag.is_none() && has(name, USUAL));
        match &fitting[..] {
            [one] => Ok((*one).to_owned()),
            [] => Err(self.refused(format!("has none of that name; it has {}", listed(&all)))),
            several => match usual() {
                Some(usual) => Ok((*usual).to_owned()),
                None => Err(self.refused(format!("has several; name one of {}", listed(several)))),
            },
        }
    }

    fn is_gguf(&self, path: &str) -> Result<()> {
        if is_whole_gguf(path) {
            return Ok(());
        }
        let says = if has_ending(path) {
            "is a part of a model and not a whole one"
        } else {
            "is no .gguf file; other models need an entry in a catalog of your own (the setting models.catalog)"
        };
        Err(self.refused(says))
    }

    fn refused(&self, says: impl Into<String>) -> Error {
        Error::Place {
            place: self.written.to_owned(),
            says: says.into(),
        }
    }
}

/// What comes after `hf:`, also where the address of a page of the public hub was copied.
fn on_the_hub(text: &str) -> Option<String> {
    if let Some(rest) = text.strip_prefix("hf:") {
        return Some(rest.to_owned());
    }
    let rest = [Hub::PUBLIC, "https://hf.co", "hf.co"]
        .iter()
        .find_map(|hub| text.strip_prefix(hub)?.strip_prefix('/'))?;
    let rest = rest
        .split(['?', '#'])
        .next()
        .unwrap_or(rest)
        .trim_end_matches('/');
    let pieces: Vec<&str> = rest.splitn(5, '/').collect();
    Some(match pieces[..] {
        [owner, repo, "blob" | "resolve", "main", path] => format!("{owner}/{repo}/{path}"),
        [owner, repo, "blob" | "resolve", revision, path] => format!("{owner}/{repo}/{path}@{revision}"),
        [owner, repo, "tree", "main"] => format!("{owner}/{repo}"),
        _ => rest.to_owned(),
    })
}

fn hub_place(rest: &str) -> PlaceKind {
    if let Some((rest, tag)) = rest.split_once(':') {
        return PlaceKind::Repository {
            rest: rest.to_owned(),
            tag: Some(tag.to_owned()),
        };
    }
    match Repository::parse(rest) {
        Ok((_, None)) => PlaceKind::Repository {
            rest: rest.to_owned(),
            tag: None,
        },
        _ => PlaceKind::File(format!("hf:{rest}")),
    }
}

/// Whether the name has the tag as a word of its own: `Q4_0` is none of `IQ4_0` nor of `Q4_0_4_4`.
fn has(name: &str, tag: &str) -> bool {
    let name = last(name).to_ascii_lowercase();
    let tag = tag.to_ascii_lowercase();
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    !tag.is_empty()
        && name.match_indices(&tag).any(|(at, _)| {
            let before = name[..at].chars().next_back();
            let after = name[at + tag.len()..].chars().next();
            !inside(before) && !inside(after)
        })
}

fn has_ending(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.strip_suffix(".gguf").is_some_and(|stem| !stem.is_empty())
}

/// Neither one of several pieces (`-00001-of-00003`) nor what sees for a model (`mmproj`).
fn is_whole_gguf(path: &str) -> bool {
    let name = last(path).to_ascii_lowercase();
    has_ending(&name) && !name.contains("-of-0") && !name.starts_with("mmproj")
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn listed(names: &[&str]) -> String {
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<PlaceKind> {
        Place::read(text).map(|place| place.kind)
    }

    fn repository(rest: &str, tag: Option<&str>) -> PlaceKind {
        PlaceKind::Repository {
            rest: rest.to_owned(),
            tag: tag.map(str::to_owned),
        }
    }

    #[test]
    fn a_name_and_a_path_are_no_places() {
        for text in [
            "qwen",
            "models/a.gguf",
            "/a.gguf",
            "C:\\a.gguf",
            "file:/a.gguf",
            "",
        ] {
            assert_eq!(kind(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_repository_may_name_what_is_wanted_of_it() {
        assert_eq!(kind("hf:o/r"), Some(repository("o/r", None)));
        assert_eq!(kind("hf:o/r:Q8_0"), Some(repository("o/r", Some("Q8_0"))));
        assert_eq!(kind("hf.co/o/r:Q8_0"), Some(repository("o/r", Some("Q8_0"))));
        assert_eq!(kind("hf:o/r@v1"), Some(repository("o/r@v1", None)));
    }

    #[test]
    fn the_address_of_a_page_of_the_hub_is_the_file_it_shows() {
        let file = |place: &str| Some(PlaceKind::File(place.to_owned()));
        let page = "https://huggingface.co/o/r";
        assert_eq!(
            kind(&format!("{page}/blob/main/d/m.gguf")),
            file("hf:o/r/d/m.gguf")
        );
        assert_eq!(
            kind(&format!("{page}/resolve/main/m.gguf?download=true")),
            file("hf:o/r/m.gguf")
        );
        assert_eq!(kind(&format!("{page}/blob/v1/m.gguf")), file("hf:o/r/m.gguf@v1"));
        assert_eq!(kind(page), Some(repository("o/r", None)));
        assert_eq!(kind(&format!("{page}/tree/main")), Some(repository("o/r", None)));
        assert_eq!(
            kind("https://example.com/m.gguf"),
            file("https://example.com/m.gguf")
        );
    }

    #[test]
    fn a_tag_is_a_word_of_its_own() {
        assert!(has("d/M-Q4_0.gguf", "q4_0"));
        assert!(has("m.q4_k_m.gguf", "Q4_K_M"));
        for (name, tag) in [
            ("M-IQ4_0.gguf", "Q4_0"),
            ("M-Q4_0_4_4.gguf", "Q4_0"),
            ("M.gguf", ""),
        ] {
            assert!(!has(name, tag), "{name} {tag}");
        }
    }

    #[test]
    fn a_piece_of_a_model_is_not_a_model() {
        assert!(is_whole_gguf("d/m.GGUF"));
        for path in ["m-00001-of-00003.gguf", "mmproj-f16.gguf", "m.bin", ".gguf"] {
            assert!(!is_whole_gguf(path), "{path}");
        }
    }

    #[test]
    fn what_was_pulled_is_found_by_the_place_again() {
        let of = |text: &str, source: &str| {
            let source = Source::parse(&[source.to_owned()], std::path::Path::new("/")).unwrap();
            Place::read(text).unwrap().is_of(&source)
        };
        assert!(of("hf:o/r/m-Q4_0.gguf", "hf:o/r/m-Q4_0.gguf"));
        assert!(of("hf:o/r:q4_0", "hf:o/r/m-Q4_0.gguf"));
        assert!(of("hf:o/r", "hf:o/r/m-Q4_0.gguf"));
        assert!(!of("hf:o/r:q8_0", "hf:o/r/m-Q4_0.gguf"));
        assert!(!of("hf:o/r@v1", "hf:o/r/m-Q4_0.gguf"));
        assert!(!of("hf:o/other", "hf:o/r/m-Q4_0.gguf"));
    }
}
