//! A graph of operators with its constants.

use std::{collections::BTreeMap, sync::Arc};

/// A graph with one input that matters and one output that matters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// What is computed, each after what it needs.
    pub nodes: Vec<Node>,
    /// Constants, by name.
    pub constants: BTreeMap<String, Tensor>,
    /// What is passed in: names with dimensions, `None` where any length will do.
    pub inputs: Vec<(String, Vec<Option<usize>>)>,
    /// What comes out, likewise.
    pub outputs: Vec<(String, Vec<Option<usize>>)>,
}

/// One operator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Its name in ONNX.
    pub op: String,
    /// Names of what it takes; an empty one is left out.
    pub inputs: Vec<String>,
    /// Names of what it makes.
    pub outputs: Vec<String>,
    /// Its settings.
    pub attributes: BTreeMap<String, Attribute>,
}

/// A setting of an operator.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f32),
    /// A word.
    Text(String),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// A constant.
    Tensor(Tensor),
    /// Of a kind that no classifier known here uses.
    Other,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its dimensions, the slowest first.
    pub shape: Vec<usize>,
    /// Its values. Whole numbers are kept apart, because dimensions may be among them.
    pub values: Values,
}

/// Values of a constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// 32-bit floating point.
    Floats(Arc<[f32]>),
    /// Whole numbers.
    Ints(Arc<[i64]>),
    /// Of a type that no classifier known here uses.
    Other,
}

impl Tensor {
    /// A constant of floating-point numbers.
    pub fn floats(shape: &[usize], values: Vec<f32>) -> Self {
        Self {
            shape: shape.to_vec(),
            values: Values::Floats(values.into()),
        }
    }

    /// Its numbers, where they are floating point.
    pub fn as_floats(&self) -> Option<&[f32]> {
        match &self.values {
            Values::Floats(values) => Some(values),
            _ => None,
        }
    }

    /// Its numbers, where they are whole.
    pub fn as_ints(&self) -> Option<&[i64]> {
        match &self.values {
            Values::Ints(values) => Some(values),
            _ => None,
        }
    }
}

impl Node {
    /// A node with one output.
    pub fn new(op: &str, inputs: &[&str], output: &str) -> Self {
        Self {
            op: op.to_owned(),
            inputs: inputs.iter().map(|&name| name.to_owned()).collect(),
            outputs: vec![output.to_owned()],
            attributes: BTreeMap::new(),
        }
    }

    /// The same node with a setting.
    #[must_use]
    pub fn with(mut self, name: &str, value: Attribute) -> Self {
        self.attributes.insert(name.to_owned(), value);
        self
    }

    /// A setting that is a whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.attributes.get(name) {
            Some(Attribute::Int(value)) => Some(*value),
            _ => None,
        }
    }

    /// A setting that is several whole numbers.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        match self.attributes.get(name) {
            Some(Attribute::Ints(values)) => Some(values),
            _ => None,
        }
    }

    /// A setting that is a number.
    pub fn float(&self, name: &str) -> Option<f32> {
        match self.attributes.get(name) {
            Some(Attribute::Float(value)) => Some(*value),
            _ => None,
        }
    }

    /// A setting that is a word.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.attributes.get(name) {
            Some(Attribute::Text(value)) => Some(value),
            _ => None,
        }
    }
}
