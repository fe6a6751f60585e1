//! Wheels, and a stand-in for pip that serves them from a directory.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use busbar_catalog::Settings;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// A wheel with these members.
pub(crate) fn wheel(path: &Path, members: &[(&str, &[u8])]) {
    let mut zip = ZipWriter::new(File::create(path).unwrap());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in members {
        zip.start_file(*name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
}

/// A wheel whose member is a symbolic link.
pub(crate) fn wheel_with_link(path: &Path, member: &str, target: &str) {
    let mut zip = ZipWriter::new(File::create(path).unwrap());
    zip.add_symlink(member, target, SimpleFileOptions::default())
        .unwrap();
    zip.finish().unwrap();
}

/// The stand-in: a script, the directory it serves `project==version.whl` from, and what it was told.
pub(crate) struct FakePip {
    pub(crate) directory: tempfile::TempDir,
}

impl FakePip {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let pip = Self { directory };
        pip.does("cp \"$index/$wanted.whl\" \"$dest/$(echo $wanted | tr = _)-py3-none-any.whl\"");
        pip
    }

    /// What it does when asked to download; `$index`, `$dest` and `$wanted` are set.
    pub(crate) fn does(&self, download: &str) {
        let index = self.directory.path().display();
        let script = format!(
            "#!/bin/sh\nindex='{index}'\n[ \"$1\" = --version ] && exit 0\n\
             echo \"TMPDIR=$TMPDIR $@\" >> \"$index/log\"\n\
             while [ $# -gt 1 ]; do [ \"$1\" = --dest ] && dest=\"$2\"; shift; done\nwanted=\"$1\"\n{download}\n"
        );
        // Written aside and renamed: another test's thread may be between fork and exec, holding it open.
        let fresh = self.directory.path().join("pip.new");
        fs::write(&fresh, script).unwrap();
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(fresh, self.path()).unwrap();
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("pip")
    }

    pub(crate) fn offers(&self, requirement: &str, members: &[(&str, &[u8])]) {
        wheel(&self.file(requirement), members);
    }

    /// Where it finds the wheel of a requirement.
    pub(crate) fn file(&self, requirement: &str) -> PathBuf {
        self.directory.path().join(format!("{requirement}.whl"))
    }

    /// What it was told, a line a call.
    pub(crate) fn calls(&self) -> Vec<String> {
        let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    pub(crate) fn settings(&self) -> Settings {
        // Through the shell: nothing then needs the script to be executable the moment it is written.
        let command = vec!["/bin/sh".into(), self.path().into_os_string()];
        Settings {
            pip: Some(command),
            ..super::settings()
        }
    }
}
