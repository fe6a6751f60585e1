//! Local classification of pictures: any ONNX classifier with a small description of its input.
//!
//! ```text
//! engine ─► picture (decode, orient) ─► preprocess (resize, crop, normalise) ─► queue
//!    ▲                                                                           │
//!    └──── labels ◄─ scores ◄─ runtime (direct | rten | ONNX Runtime) ◄─ worker ─┘
//! ```
//! **Invariant:** a picture is answered alike whatever it is looked at beside.
//! **Invariant:** nothing here fetches anything or reads the environment; paths are passed in.

mod config;
pub mod convert;
pub mod description;
mod direct;
mod engine;
pub mod labels;
pub mod onnx;
pub mod picture;
mod preprocess;
mod queue;
pub mod runtime;
mod worker;

pub use config::VisionEngineConfig;
pub use description::Description;
pub use engine::VisionEngine;
pub use preprocess::preprocess;
