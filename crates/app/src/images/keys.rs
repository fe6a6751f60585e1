//! The keys that sign the addresses of pictures and webhooks: made once, kept for their owner alone in a
//! file, or among all processes that share their jobs in a note.
//!
//! A line a key: `<name> <secret in hexadecimal>` for addresses, of which the first signs and all of
//! them open; `whsec_<Base64>` for webhooks, which are signed with all of them. To change keys, put a
//! new line first and take the old one away when what it signed is over.

use std::{fs, io, io::Write as _, path::Path, sync::Arc};

use busbar_core::{Error, ErrorKind, Notes, Result, Secret, Writing};
use busbar_jobs::{HookKeys, Keyring, UrlKey, UrlKeys};
use tempfile::NamedTempFile;

const SECRET_BYTES: usize = 32;
const NAME_BYTES: usize = 4;
const RANDOM: usize = NAME_BYTES + SECRET_BYTES;

/// The note that processes share their keys of addresses in, and the one of webhooks.
const ADDRESSES: &str = "signing#addresses";
const WEBHOOKS: &str = "signing#webhooks";

/// The keys of addresses, in a file which is made where there is none.
///
/// # Errors
/// `Unavailable` where it cannot be made or read; `Invalid` where it holds something else.
pub(super) fn of_addresses(path: &Path) -> Result<UrlKeys> {
    addresses(&text(path, address_line)?, &path.display().to_string())
}

/// The keys of webhooks, likewise.
///
/// # Errors
/// As above.
pub(super) fn of_webhooks(path: &Path) -> Result<HookKeys> {
    webhooks(&text(path, webhook_line)?, &path.display().to_string())
}

/// The keys of addresses that processes share. It blocks.
pub(super) fn addresses_among(notes: &Arc<dyn Notes>, path: &Path) -> Keyring<UrlKeys> {
    among(notes, path, ADDRESSES, address_line, addresses)
}

/// The keys of webhooks, likewise.
pub(super) fn webhooks_among(notes: &Arc<dyn Notes>, path: &Path) -> Keyring<HookKeys> {
    among(notes, path, WEBHOOKS, webhook_line, webhooks)
}

/// Keys in a note which the first process that needs them makes; of the file, where there is one from before
/// they shared any.
fn among<K: Clone + Send + 'static>(
    notes: &Arc<dyn Notes>,
    path: &Path,
    name: &'static str,
    line: fn(&[u8; RANDOM]) -> String,
    keys: fn(&str, &str) -> Result<K>,
) -> Keyring<K> {
    let notes = notes.clone();
    let before = fs::read_to_string(path).ok();
    let before = before.filter(|text| keys(text, name).is_ok());
    Keyring::fetched(move || {
        let (notes, before) = (notes.clone(), before.clone());
        Box::pin(async move { keys(&shared(&*notes, name, before, line).await?, name) })
    })
}

fn address_line(random: &[u8; RANDOM]) -> String {
    let (name, secret) = random.split_at(NAME_BYTES);
    format!("{} {}\n", hex(name), hex(secret))
}

fn webhook_line(random: &[u8; RANDOM]) -> String {
    format!("{}\n", HookKeys::secret(&random[NAME_BYTES..]))
}

/// What a note says; where there is none it is made, of what was there before or with one line.
async fn shared(
    notes: &dyn Notes,
    name: &str,
    before: Option<String>,
    line: fn(&[u8; RANDOM]) -> String,
) -> Result<String> {
    if let Some(note) = notes.read(name).await? {
        return Ok(note.text);
    }
    let text = match before {
        Some(before) => before,
        None => line(&random()?),
    };
    let writing = Writing {
        name,
        text: &text,
        over: None,
        until: None,
    };
    if notes.write(writing).await?.is_some() {
        return Ok(text);
    }
    // Another process was quicker; its keys are the ones then.
    let note = notes.read(name).await?;
    note.map(|note| note.text)
        .ok_or_else(|| Error::internal(format!("`{name}` was written and removed at once")))
}

/// What a file says; where there is none it is made with one line.
fn text(path: &Path, line: impl FnOnce(&[u8; RANDOM]) -> String) -> Result<String> {
    let unusable = |source: io::Error| {
        let message = format!("the keys in {} cannot be used: {source}", path.display());
        Error::new(ErrorKind::Unavailable, message).with_source(source)
    };
    match fs::read_to_string(path) {
        Ok(text) => return Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unusable(error)),
    }
    put(path, &line(&random()?)).map_err(unusable)?;
    // Another process may have been quicker; its keys are the ones then.
    fs::read_to_string(path).map_err(unusable)
}

fn random() -> Result<[u8; RANDOM]> {
    let mut random = [0; RANDOM];
    getrandom::fill(&mut random)
        .map_err(|error| Error::internal(format!("the machine gives no random numbers: {error}")))?;
    Ok(random)
}

fn put(path: &Path, line: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Files made so are their owner's alone.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(line.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

fn addresses(text: &str, place: &str) -> Result<UrlKeys> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let keys: Option<Vec<UrlKey>> = lines.map(key).collect();
    let wrong = || {
        let message = format!("{place} must have a line `<name> <64 hexadecimal digits>` for each key");
        Error::invalid("url_keys", message)
    };
    UrlKeys::new(keys.ok_or_else(wrong)?)
}

fn webhooks(text: &str, place: &str) -> Result<HookKeys> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    HookKeys::new(lines).map_err(|error| {
        let message = format!("{place}, a line for each: {}", error.message());
        Error::invalid("webhook_secrets", message)
    })
}

fn key(line: &str) -> Option<UrlKey> {
    let (id, secret) = line.trim().split_once(' ')?;
    let digits = secret.trim().as_bytes();
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16)?).ok();
    let secret: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    Some(UrlKey {
        id: id.to_owned(),
        secret: Secret::new(secret?),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use busbar_jobs::Timestamp;
    use busbar_storage::memory::MemoryNotes;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn keys_are_made_once_and_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url-keys");
        let now = Timestamp::default();
        let query = of_addresses(&path).unwrap().sign("/a", now, HOUR);
        assert!(of_addresses(&path).unwrap().verify("/a", &query, now).is_ok());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let other = of_addresses(&folder.path().join("other")).unwrap();
        assert!(other.verify("/a", &query, now).is_err());
    }

    #[test]
    fn a_new_key_signs_and_the_old_one_still_opens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url-keys");
        let now = Timestamp::default();
        let query = of_addresses(&path).unwrap().sign("/a", now, HOUR);
        let old = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("new {}\n{old}", "ab".repeat(SECRET_BYTES))).unwrap();
        let keys = of_addresses(&path).unwrap();
        assert!(keys.verify("/a", &query, now).is_ok());
        assert!(keys.sign("/a", now, HOUR).contains("key=new&"));
    }

    #[test]
    fn a_file_that_holds_something_else_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url-keys");
        for text in ["", "a", "a zz", "a abc", "a abcd"] {
            fs::write(&path, text).unwrap();
            assert!(of_addresses(&path).is_err(), "{text:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[tokio::test]
    async fn whoever_shares_notes_signs_alike_and_knows_a_new_key() {
        let notes: Arc<dyn Notes> = Arc::new(MemoryNotes::new());
        let now = Timestamp::default();
        // All at once, and nothing is there yet.
        let (folder, nowhere) = (tempfile::tempdir().unwrap(), Path::new("/nowhere/at/all"));
        let rings = [(); 4].map(|()| addresses_among(&notes, nowhere));
        let keys = futures_util::future::try_join_all(rings.iter().map(Keyring::get))
            .await
            .unwrap();
        let query = keys[0].sign("/a", now, HOUR);
        assert!(keys.iter().all(|keys| keys.verify("/a", &query, now).is_ok()));
        // One of them had secrets of its own before.
        let path = folder.path().join("webhook-secrets");
        let before = of_webhooks(&path).unwrap();
        let (one, other) = (webhooks_among(&notes, &path), webhooks_among(&notes, nowhere));
        let sign = |keys: HookKeys| keys.sign("m", now, b"{}").to_string();
        assert_eq!(sign(one.get().await.unwrap()), sign(before.clone()));
        assert_eq!(sign(other.get().await.unwrap()), sign(before));
        let note = notes.read(ADDRESSES).await.unwrap().unwrap();
        let writing = Writing {
            name: ADDRESSES,
            text: &format!("new {}\n{}", "ab".repeat(SECRET_BYTES), note.text),
            over: Some(&note.mark),
            until: None,
        };
        notes.write(writing).await.unwrap().unwrap();
        let keys = addresses_among(&notes, nowhere).get().await.unwrap();
        assert!(keys.verify("/a", &query, now).is_ok());
        assert!(keys.sign("/a", now, HOUR).contains("key=new&"));
    }

    #[test]
    fn webhooks_have_secrets_of_their_own_that_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("webhook-secrets");
        let now = Timestamp::default();
        let signature = of_webhooks(&path).unwrap().sign("m", now, b"{}");
        assert!(
            of_webhooks(&path)
                .unwrap()
                .verify(("m", now, b"{}"), &signature, now)
        );
        assert!(fs::read_to_string(&path).unwrap().starts_with("whsec_"));
        fs::write(&path, "whsec_short").unwrap();
        assert!(
            of_webhooks(&path)
                .unwrap_err()
                .message()
                .contains("webhook-secrets")
        );
    }
}
