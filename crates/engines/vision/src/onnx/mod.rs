//! ONNX files, as much of them as classifiers use: read for our own runtime, written by converters.

mod graph;
mod protobuf;
mod reader;
mod writer;

pub use graph::{Attribute, Graph, Node, Tensor};
