//! The machine's pip as a child process: found, watched, and ended with everything that it started.

use std::{
    ffi::{OsStr, OsString},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use crate::{Error, Phase, Result, cancel::GLANCE, pull::Errand};

/// How pip is called on one machine or another.
const KNOWN: [&[&str]; 4] = [
    &["python3", "-m", "pip"],
    &["pip3"],
    &["pip"],
    &["python", "-m", "pip"],
];

/// How much of what pip said goes into an error.
const TAIL: usize = 600;

/// Downloads one wheel and returns where it lies. `before` is how far the model's file is already.
pub(super) fn download(requirement: &str, before: u64, errand: &Errand<'_>) -> Result<PathBuf> {
    let pip = find(errand)?;
    // A fresh directory each time: a pip that outlived a killed pull may still write to its own.
    let workplace = errand.means.scratch.join(format!("pip-{}", std::process::id()));
    sweep(errand.means.scratch);
    let temporary = workplace.join("tmp");
    fs::create_dir_all(&temporary).map_err(Error::io("make the directory", &temporary))?;
    let log = workplace.join("pip.log");
    let said = File::create(&log).map_err(Error::io("create", &log))?;
    let mut command = command(&pip);
    command
        // No dependencies, and no source packages, which would run code of their own. What Python
        // version the package wants does not matter: it is never imported.
        .args([
            "download",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--ignore-requires-python",
        ])
        .args([
            "--no-input",
            "--disable-pip-version-check",
            "--no-cache-dir",
            "--progress-bar",
            "off",
        ])
        .arg("--dest")
        .arg(&workplace)
        .arg(requirement)
        .env("TMPDIR", &temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said);
    let child = command.spawn().map_err(Error::io("start", &pip[0]))?;
    let status = Pip(child).wait(
        || errand.tell(Phase::Fetching, before + largest_file(&workplace)),
        errand,
    )?;
    let failed = |says: String| Error::Pip {
        package: requirement.to_owned(),
        says,
    };
    if !status.success() {
        return Err(failed(tail(&log, status)));
    }
    wheel_in(&workplace)?.ok_or_else(|| failed("it reported success and left no wheel".to_owned()))
}

/// The first way to call pip that works here.
fn find(errand: &Errand<'_>) -> Result<Vec<OsString>> {
    let words = |words: &[&str]| words.iter().map(OsString::from).collect();
    let candidates: Vec<Vec<OsString>> = match &errand.means.settings.pip {
        Some(chosen) => vec![chosen.clone()],
        None => KNOWN.into_iter().map(words).collect(),
    };
    for candidate in candidates.iter().filter(|candidate| !candidate.is_empty()) {
        let mut command = command(candidate);
        command
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let Ok(child) = command.spawn() else {
            continue;
        };
        if Pip(child).wait(|| {}, errand)?.success() {
            return Ok(candidate.clone());
        }
    }
    let shown = |words: &Vec<OsString>| words.join(OsStr::new(" ")).to_string_lossy().into_owned();
    Err(Error::NoPip {
        tried: candidates.iter().map(shown).collect::<Vec<_>>().join(", "),
    })
}

fn command(words: &[OsString]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    // A group of its own: pip may be a script around the real one, and both must end together.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command
}

/// A running pip. It does not outlive this.
struct Pip(Child);

impl Pip {
    fn wait(mut self, mut meanwhile: impl FnMut(), errand: &Errand<'_>) -> Result<ExitStatus> {
        loop {
            errand.means.cancel.check()?;
            match self.0.try_wait().map_err(Error::io("wait for", "pip"))? {
                Some(status) => return Ok(status),
                None => meanwhile(),
            }
            errand.means.cancel.sleep(GLANCE)?;
        }
    }

    #[cfg(unix)]
    fn kill(&mut self) -> io::Result<()> {
        use rustix::process::{Pid, Signal, kill_process_group};
        let group = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        match group {
            Some(group) => Ok(kill_process_group(group, Signal::KILL)?),
            None => self.0.kill(),
        }
    }

    #[cfg(not(unix))]
    fn kill(&mut self) -> io::Result<()> {
        self.0.kill()
    }
}

impl Drop for Pip {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            // Either may fail only because it has ended by itself meanwhile.
            let _ = self.kill();
            let _ = self.0.wait();
        }
    }
}

/// Removes the places where pip worked, of this pull and of killed ones.
pub(super) fn sweep(scratch: &Path) {
    let left = fs::read_dir(scratch).into_iter().flatten().flatten();
    for entry in left.filter(|entry| entry.file_name().to_string_lossy().starts_with("pip-")) {
        let _ = fs::remove_dir_all(entry.path());
    }
}

/// Pip writes one file at a time, so the largest is the one that grows.
fn largest_file(directory: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(directory) else {
        return 0;
    };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => largest_file(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    sizes.max().unwrap_or(0)
}

fn wheel_in(workplace: &Path) -> Result<Option<PathBuf>> {
    let entries = fs::read_dir(workplace).map_err(Error::io("list", workplace))?;
    let mut wheels = entries.flatten().map(|entry| entry.path());
    Ok(wheels.find(|path| path.extension().is_some_and(|end| end == "whl") && path.is_file()))
}

/// The end of what pip said, on one line.
fn tail(log: &Path, status: ExitStatus) -> String {
    let said = fs::read(log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let words: Vec<&str> = said.split_whitespace().collect();
    let line = words.join(" ");
    if line.is_empty() {
        return format!("it ended with {status} and said nothing");
    }
    let from = line
        .char_indices()
        .map(|(index, _)| index)
        .find(|index| line.len() - index <= TAIL);
    line[from.unwrap_or(0)..].to_owned()
}
