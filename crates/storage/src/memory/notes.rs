//! Notes in memory.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use busbar_core::{BoxFuture, Note, Notes, Result, Writing};
use uuid::Uuid;

/// Notes in memory. What may be forgotten is kept.
#[derive(Debug, Default)]
pub struct MemoryNotes(Mutex<HashMap<String, Note>>);

impl MemoryNotes {
    /// No notes.
    pub fn new() -> Self {
        Self::default()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Note>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notes for MemoryNotes {
    fn read<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Note>>> {
        Box::pin(async move { Ok(self.all().get(name).cloned()) })
    }

    fn write<'a>(&'a self, writing: Writing<'a>) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move {
            let mut all = self.all();
            if all.get(writing.name).map(|note| note.mark.as_str()) != writing.over {
                return Ok(None);
            }
            let mark = Uuid::new_v4().to_string();
            let note = Note {
                text: writing.text.to_owned(),
                mark: mark.clone(),
            };
            all.insert(writing.name.to_owned(), note);
            Ok(Some(mark))
        })
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.all().remove(name);
            Ok(())
        })
    }
}
