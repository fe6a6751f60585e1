//! A model file: its weights, its vocabulary and what it says about itself.

use std::path::Path;

use busbar_core::{Error, ErrorKind, Result};
use llama_cpp_2::{
    model::{LlamaModel, params::LlamaModelParams},
    token::LlamaToken,
    token_type::{LlamaTokenAttr, LlamaTokenAttrs},
    vocab::LlamaVocab,
};
use llama_cpp_sys_2 as sys;

use super::backend::backend;
use crate::vocab::{TokenKind, TokenTable};

/// How a model file is loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WeightsConfig<'a> {
    /// The GGUF file.
    pub(crate) path: &'a Path,
    /// Layers on the GPU.
    pub(crate) gpu_layers: u32,
}

/// A loaded model.
#[derive(Debug)]
pub(crate) struct Weights {
    model: LlamaModel,
    on_processor: bool,
}

impl Weights {
    /// Loads a file whose structure has been checked.
    pub(crate) fn load(config: WeightsConfig<'_>) -> Result<Self> {
        let params = LlamaModelParams::default().with_n_gpu_layers(config.gpu_layers);
        let model = LlamaModel::load_from_file(backend()?, config.path, &params).map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                format!(
                    "{} could not be loaded: llama.cpp does not know this kind of model, or the file is damaged \
                     (`busbar models verify` tells)",
                    config.path.display()
                ),
            )
            .with_source(error)
        })?;
        Ok(Self {
            model,
            on_processor: config.gpu_layers == 0,
        })
    }

    /// Tokens of prompt and answer that it was trained on.
    pub(crate) fn trained_window(&self) -> u32 {
        self.model.n_ctx_train()
    }

    /// Length of its last layer's vectors.
    pub(crate) fn dimensions(&self) -> usize {
        usize::try_from(self.model.n_embd()).unwrap_or(0)
    }

    /// Whether all of it is computed on the processor.
    pub(super) fn are_on_processor(&self) -> bool {
        self.on_processor
    }

    /// How many tokens there are.
    pub(super) fn words(&self) -> usize {
        self.vocab().tokens().count()
    }

    /// llama.cpp's own model, as long as this one lives.
    pub(super) fn raw(&self) -> *mut sys::llama_model {
        const { assert!(size_of::<LlamaModel>() == size_of::<*mut sys::llama_model>()) };
        // SAFETY: `LlamaModel` is a transparent wrapper of this one pointer, in the version of the
        // binding that Cargo.toml fixes; the sizes are compared when this is compiled.
        unsafe { *std::ptr::from_ref(&self.model).cast::<*mut sys::llama_model>() }
    }

    /// The chat template in the file, where there is one.
    pub(crate) fn chat_template(&self) -> Option<String> {
        self.model
            .meta_val_str("tokenizer.chat_template")
            .ok()
            .filter(|template| !template.trim().is_empty())
    }

    /// The text of the token that begins a prompt; empty where there is none.
    pub(crate) fn bos_text(&self) -> String {
        self.special_text(self.vocab().bos())
    }

    /// The text of the token that ends one; empty where there is none.
    pub(crate) fn eos_text(&self) -> String {
        self.special_text(self.vocab().eos())
    }

    fn special_text(&self, token: LlamaToken) -> String {
        if token.0 < 0 {
            return String::new();
        }
        String::from_utf8_lossy(&self.vocab().token_to_piece(token, true, None)).into_owned()
    }

    /// Every token's bytes and kind.
    pub(crate) fn token_table(&self) -> Result<TokenTable> {
        let vocab = self.vocab();
        let mut ends: Vec<u32> = vocab
            .tokens()
            .filter(|&token| vocab.is_eog(token))
            .filter_map(number)
            .collect();
        if let Some(eos) = number(vocab.eos()) {
            ends.sort_by_key(|&token| (token != eos, token));
        }
        let tokens = vocab.tokens().map(|token| {
            let attributes = vocab.attr(token);
            let kind = if steers(attributes) || vocab.is_eog(token) {
                TokenKind::Control
            } else if attributes.contains(LlamaTokenAttr::Unused) {
                TokenKind::Unused
            } else {
                TokenKind::Text
            };
            (vocab.token_to_piece(token, true, None), kind)
        });
        TokenTable::new(tokens, ends)
    }

    /// Text to tokens. `whole`: with the tokens that the model wants at the beginning of a text;
    /// else control tokens' names in the text are taken for those tokens.
    pub(crate) fn tokenise(&self, text: &str, whole: bool) -> Vec<u32> {
        self.vocab()
            .tokenize(text.as_bytes(), whole, !whole)
            .into_iter()
            .filter_map(number)
            .collect()
    }

    /// Whether the model only reads text and writes none.
    pub(crate) fn is_encoder(&self) -> bool {
        self.model
            .meta_val_str("general.architecture")
            .is_ok_and(|name| name.contains("bert") || name == "t5encoder")
    }

    fn vocab(&self) -> LlamaVocab<'_> {
        self.model.vocab()
    }
}

/// Whether a token's name is not text: control tokens, and the one for what is not in the vocabulary.
fn steers(attributes: LlamaTokenAttrs) -> bool {
    attributes.contains(LlamaTokenAttr::Control) || attributes.contains(LlamaTokenAttr::Unknown)
}

fn number(token: LlamaToken) -> Option<u32> {
    u32::try_from(token.0).ok()
}
