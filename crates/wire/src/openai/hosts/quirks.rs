//! In what hosts of this format differ. A compatible vendor is a row of these, written elsewhere.

/// What a host has words for, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirks {
    /// How the limit on the answer is called.
    pub limit: LimitName,
    /// Who gives instructions.
    pub instructions: InstructionRole,
    /// Whether a stream may be asked to end with its usage.
    pub stream_usage: StreamUsage,
    /// Which ways to choose tokens it knows.
    pub sampling: SamplingWords,
    /// How closely it can be held to a schema.
    pub schema: SchemaWords,
    /// How it is told how much to think.
    pub reasoning: ReasoningWords,
    /// How thoughts of earlier turns go back to it.
    pub thoughts: ThoughtWords,
    /// How it is told what to keep computed.
    pub cache: CacheWords,
    /// What the results of tools may be.
    pub results: ResultWords,
    /// Which media it knows.
    pub media: MediaWords,
    /// What it can be told of pictures that it is to make.
    pub pictures: PictureWords,
}

/// What a host can be told of pictures that it is to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureWords {
    /// Prompt, size and number.
    Vendor,
    /// Also what must not be seen, the seed, and how they are made.
    Ours,
}

/// How the limit on the answer is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitName {
    /// `max_tokens`, which nearly everyone knows.
    MaxTokens,
    /// `max_completion_tokens`, which thinking models of the vendor itself insist on.
    MaxCompletionTokens,
}

/// Who gives instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionRole {
    /// `system`.
    System,
    /// `developer`.
    Developer,
}

/// Whether a stream may be asked to end with its usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamUsage {
    /// With `stream_options.include_usage`.
    OnRequest,
    /// It must not be asked: the field is refused there.
    NeverAsked,
}

/// Which ways to choose tokens a host knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SamplingWords {
    /// The vendor's own.
    Vendor,
    /// Also `top_k`, `min_p` and `repetition_penalty`.
    Open,
    /// All of these and `ignore_eos`.
    Engine,
}

/// How closely a host can be held to a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaWords {
    /// `json_schema`, strict where the schema is one that strictness allows.
    Strict,
    /// `json_schema`, without a word about strictness.
    Schema,
    /// `json_object` only.
    JsonOnly,
}

/// How a host is told how much to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasoningWords {
    /// It is not.
    None,
    /// `reasoning_effort`.
    Effort,
    /// `reasoning: {effort, max_tokens}`.
    Object,
}

/// How thoughts of earlier turns go back to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThoughtWords {
    /// They do not: its models read none, and leaving them out changes nothing.
    None,
    /// `reasoning_content`.
    Text,
    /// `reasoning_content`, and `thinking_blocks` for what must be unchanged.
    Blocks,
}

/// How a host is told what to keep computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheWords {
    /// It is not: it keeps what it likes, and a hint left out changes no answer.
    None,
    /// `cache_control` on parts and tools.
    Control,
}

/// What the results of tools may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultWords {
    /// Text; that a tool failed stands in it.
    Text,
    /// Anything, and `is_error`.
    Any,
}

/// Which media a host knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaWords {
    /// Pictures, documents and sound, as the vendor has them.
    Vendor,
    /// Also `video_url`.
    Video,
    /// All of these, and documents by their address.
    Any,
}

impl Quirks {
    /// The vendor itself.
    pub const OPENAI: Self = Self {
        limit: LimitName::MaxCompletionTokens,
        instructions: InstructionRole::Developer,
        stream_usage: StreamUsage::OnRequest,
        sampling: SamplingWords::Vendor,
        schema: SchemaWords::Strict,
        reasoning: ReasoningWords::Effort,
        thoughts: ThoughtWords::None,
        cache: CacheWords::None,
        results: ResultWords::Text,
        media: MediaWords::Vendor,
        pictures: PictureWords::Vendor,
    };

    /// What most others know.
    pub const COMPATIBLE: Self = Self {
        limit: LimitName::MaxTokens,
        instructions: InstructionRole::System,
        schema: SchemaWords::Schema,
        ..Self::OPENAI
    };

    /// Engines that people run themselves (vLLM, SGLang, llama-server).
    pub const ENGINE: Self = Self {
        sampling: SamplingWords::Engine,
        thoughts: ThoughtWords::Text,
        media: MediaWords::Video,
        ..Self::COMPATIBLE
    };

    /// Ourselves.
    pub const BUSBAR: Self = Self {
        schema: SchemaWords::Strict,
        thoughts: ThoughtWords::Blocks,
        cache: CacheWords::Control,
        reasoning: ReasoningWords::Object,
        results: ResultWords::Any,
        media: MediaWords::Any,
        pictures: PictureWords::Ours,
        ..Self::ENGINE
    };
}
