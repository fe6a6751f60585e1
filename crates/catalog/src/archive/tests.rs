//! Archives, among them such as only an enemy makes.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use tar::{Builder, Header};

use super::*;

type Packer = Builder<GzEncoder<Vec<u8>>>;

/// An archive made by hand; names are put in as they are, whatever the library thinks of them.
fn packed(fill: impl FnOnce(&mut Packer)) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    fill(&mut builder);
    builder.into_inner().unwrap().finish().unwrap()
}

fn header(name: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

fn file(builder: &mut Packer, name: &str, bytes: &[u8]) {
    let header = header(name, EntryType::Regular, bytes.len() as u64);
    builder.append(&header, bytes).unwrap();
}

fn link(builder: &mut Packer, kind: EntryType, to: &str) {
    let mut header = header("link", kind, 0);
    header.set_link_name(to).unwrap();
    header.set_cksum();
    builder.append(&header, io::empty()).unwrap();
}

const SMALL: Bounds = Bounds {
    entries: 4,
    ratio: 10,
    floor: 1000,
    ceiling: 5000,
};

struct Scene {
    folder: tempfile::TempDir,
    archive: PathBuf,
}

impl Scene {
    fn of(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("model.tar.gz");
        fs::write(&archive, bytes).unwrap();
        Self { folder, archive }
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    fn unpack(&self) -> Result<PathBuf> {
        unpack_within(&self.archive, &self.home(), SMALL)
    }
}

#[track_caller]
fn refused(bytes: &[u8], says: &str) {
    let scene = Scene::of(bytes);
    let error = scene.unpack().unwrap_err().to_string();
    assert!(error.contains(says), "{error}");
    let left: Vec<_> = fs::read_dir(scene.home().join(FOLDER)).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let beside: Vec<_> = fs::read_dir(scene.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(beside.len(), 2, "only the archive and the home: {beside:?}");
}

#[test]
fn files_and_folders_are_unpacked_once() {
    let scene = Scene::of(&packed(|archive| {
        archive
            .append(&header("./", EntryType::Directory, 0), io::empty())
            .unwrap();
        file(archive, "./model.onnx", b"weights");
        file(archive, "code/inference.py", b"pass");
    }));
    let folder = scene.unpack().unwrap();
    assert_eq!(fs::read(folder.join("model.onnx")).unwrap(), b"weights");
    assert_eq!(fs::read(folder.join("code/inference.py")).unwrap(), b"pass");
    fs::write(folder.join("mark"), "").unwrap();
    assert_eq!(scene.unpack().unwrap(), folder);
    assert!(
        folder.join("mark").exists(),
        "the second time nothing is unpacked"
    );
}

#[test]
fn nothing_gets_out_of_its_folder() {
    for name in ["../out", "a/../../out", "/tmp/out", "a\\..\\..\\out", "c:out"] {
        refused(&packed(|archive| file(archive, name, b"x")), "elsewhere");
    }
    for (kind, to) in [
        (EntryType::Symlink, "/etc/passwd"),
        (EntryType::Symlink, "model.onnx"),
        (EntryType::Link, "/etc/passwd"),
    ] {
        refused(
            &packed(|archive| link(archive, kind, to)),
            "neither a file nor a folder",
        );
    }
    for kind in [EntryType::Fifo, EntryType::Char, EntryType::Block] {
        let special = |archive: &mut Packer| archive.append(&header("a", kind, 0), io::empty()).unwrap();
        refused(&packed(special), "neither a file nor a folder");
    }
}

#[test]
fn a_small_archive_cannot_become_a_large_folder() {
    refused(
        &packed(|archive| file(archive, "zeros", &[0; 1_001])),
        "larger unpacked",
    );
    let two = |archive: &mut Packer| {
        file(archive, "one", &[0; 600]);
        file(archive, "two", &[0; 600]);
    };
    refused(&packed(two), "larger unpacked");
    let many = |archive: &mut Packer| (0..5).for_each(|n| file(archive, &n.to_string(), b""));
    refused(&packed(many), "too many files");
    // A name of a megabyte, which packs well and is kept in memory while it is read.
    let long = packed(|archive| {
        let head = header("././@LongLink", EntryType::GNULongName, 1 << 20);
        archive.append(&head, io::repeat(b'a').take(1 << 20)).unwrap();
        file(archive, "a", b"");
    });
    refused(&long, "between its files");
}

#[test]
fn what_is_broken_is_told() {
    refused(
        &packed(|archive| {
            file(archive, "a", b"1");
            file(archive, "./a", b"2");
        }),
        "twice",
    );
    refused(b"no archive", "is no tar.gz");
    let whole = packed(|archive| file(archive, "a", &[7; 900]));
    refused(&whole[..whole.len() / 2], "damaged");
    let mut not_tar = GzEncoder::new(Vec::new(), Compression::fast());
    not_tar.write_all(&[b'x'; 2048]).unwrap();
    refused(&not_tar.finish().unwrap(), "is no tar.gz");
    let deep = vec!["d"; DEEPEST + 1].join("/");
    refused(&packed(|archive| file(archive, &deep, b"")), "too deep");
    let scene = Scene::of(b"");
    fs::remove_file(&scene.archive).unwrap();
    assert!(matches!(scene.unpack().unwrap_err(), Error::NoFile(_)));
}
