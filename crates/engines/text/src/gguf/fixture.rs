//! Writes small GGUF files for tests.

/// A file in the making.
#[derive(Clone, Default)]
pub(super) struct Builder {
    fields: Vec<u8>,
    field_count: u64,
    tensors: Vec<u8>,
    tensor_count: u64,
}

impl Builder {
    /// A whole small model: three tokens, two tensors of 256 and 36 bytes.
    pub(super) fn small() -> Self {
        Self::default()
            .text("general.architecture", "llama")
            .text("general.name", "Tiny")
            .number("general.file_type", 15)
            .number("llama.context_length", 128)
            .number("llama.embedding_length", 64)
            .text("tokenizer.ggml.model", "gpt2")
            .text("tokenizer.chat_template", "{{ messages }}")
            .texts("tokenizer.ggml.tokens", &["a", "b", "c"])
            .tensor("token_embd.weight", &[64], 0, 0)
            .tensor("blk.0.weight", &[32, 2], 2, 256)
    }

    pub(super) fn text(self, key: &str, value: &str) -> Self {
        let mut this = self.key(key, 8);
        put_text(&mut this.fields, value);
        this
    }

    pub(super) fn number(self, key: &str, value: u32) -> Self {
        let mut this = self.key(key, 4);
        this.fields.extend(value.to_le_bytes());
        this
    }

    pub(super) fn texts(self, key: &str, values: &[&str]) -> Self {
        let mut this = self.key(key, 9);
        this.fields.extend(8_u32.to_le_bytes());
        this.fields.extend((values.len() as u64).to_le_bytes());
        values.iter().for_each(|value| put_text(&mut this.fields, value));
        this
    }

    pub(super) fn tensor(mut self, name: &str, shape: &[u64], kind: u32, offset: u64) -> Self {
        put_text(&mut self.tensors, name);
        self.tensors
            .extend(u32::try_from(shape.len()).unwrap().to_le_bytes());
        shape
            .iter()
            .for_each(|length| self.tensors.extend(length.to_le_bytes()));
        self.tensors.extend(kind.to_le_bytes());
        self.tensors.extend(offset.to_le_bytes());
        self.tensor_count += 1;
        self
    }

    /// The file, with data for the tensors of [`Builder::small`].
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend(self.tensor_count.to_le_bytes());
        bytes.extend(self.field_count.to_le_bytes());
        bytes.extend(&self.fields);
        bytes.extend(&self.tensors);
        let data = bytes.len().next_multiple_of(32);
        if self.tensor_count > 0 {
            bytes.resize(data + 256 + 36, 0);
        }
        bytes
    }

    fn key(mut self, key: &str, kind: u32) -> Self {
        put_text(&mut self.fields, key);
        self.fields.extend(kind.to_le_bytes());
        self.field_count += 1;
        self
    }
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}
