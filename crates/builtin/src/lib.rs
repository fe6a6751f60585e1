//! Models that are a part of the program, so that it can do something before anything was fetched.
//!
//! **Invariant:** bytes and what is to be said about them; nothing is read, copied or run here. Only
//! what is asked for is ever brought into memory, by the system, page by page.

include!(concat!(env!("OUT_DIR"), "/models.rs"));

/// A model whose files are compiled in.
#[derive(Clone, Copy)]
pub struct Builtin {
    /// The name that clients ask for.
    pub name: &'static str,
    /// The name that people read.
    pub title: &'static str,
    /// The licence of the weights.
    pub licence: &'static str,
    /// Its files: the path of each in the model's folder, and its bytes.
    pub files: &'static [(&'static str, &'static [u8])],
}

impl std::fmt::Debug for Builtin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Builtin").field(&self.name).finish()
    }
}

impl Builtin {
    /// How many bytes its files have together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, bytes)| bytes.len() as u64).sum()
    }
}

/// The model that makes pictures where no other does. `None` where the program was built without its
/// files.
pub fn emoji_diffusion() -> Option<Builtin> {
    (!EMOJI_DIFFUSION.is_empty()).then_some(Builtin {
        name: "emoji-diffusion",
        title: "Emoji Diffusion: small, made for trying things out; for real work pull stable-diffusion-2-1",
        licence: "MIT OR Apache-2.0; learnt from drawings under MIT, Apache-2.0 and CC-BY-4.0 (Twemoji)",
        files: EMOJI_DIFFUSION,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_whole_or_not_there() {
        let Some(model) = emoji_diffusion() else { return };
        let has = |name: &str| model.files.iter().any(|(path, _)| *path == name);
        assert!(has("model_index.json") && has("unet/config.json"), "{model:?}");
        assert!(model.bytes() > 0);
    }
}
