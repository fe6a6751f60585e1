//! A graph to an ONNX file. Field numbers are those of `onnx.proto`.

use super::{Attribute, Graph, Node, Tensor, graph::Values, protobuf::Message};

/// The version of the file format, and that of the operators: what every runtime of today reads.
const IR_VERSION: i64 = 8;
const OPERATOR_SET: i64 = 13;

impl Graph {
    /// The bytes of an ONNX file.
    pub fn write(&self) -> Vec<u8> {
        let mut operators = Message::default();
        operators.text(1, "").int(2, OPERATOR_SET);
        let mut model = Message::default();
        model
            .int(1, IR_VERSION)
            .text(2, "busbar")
            .message(7, &self.message())
            .message(8, &operators);
        model.0
    }

    fn message(&self) -> Message {
        let mut graph = Message::default();
        for node in &self.nodes {
            graph.message(1, &node_message(node));
        }
        graph.text(2, "classifier");
        for (name, constant) in &self.constants {
            graph.message(5, &tensor_message(name, constant));
        }
        for (number, values) in [(11, &self.inputs), (12, &self.outputs)] {
            for (name, shape) in values {
                graph.message(number, &value_message(name, shape));
            }
        }
        graph
    }
}

fn node_message(node: &Node) -> Message {
    let mut message = Message::default();
    for input in &node.inputs {
        message.text(1, input);
    }
    for output in &node.outputs {
        message.text(2, output);
    }
    message.text(3, node.outputs.first().map_or("", String::as_str));
    message.text(4, &node.op);
    for (name, value) in &node.attributes {
        message.message(5, &attribute_message(name, value));
    }
    message
}

fn attribute_message(name: &str, value: &Attribute) -> Message {
    let mut message = Message::default();
    message.text(1, name);
    let kind = match value {
        Attribute::Float(value) => {
            message.float(2, *value);
            1
        }
        Attribute::Int(value) => {
            message.int(3, *value);
            2
        }
        Attribute::Text(value) => {
            message.text(4, value);
            3
        }
        Attribute::Tensor(value) => {
            message.message(5, &tensor_message("", value));
            4
        }
        Attribute::Ints(values) => {
            for value in values {
                message.int(8, *value);
            }
            7
        }
        Attribute::Other => 0,
    };
    message.int(20, kind);
    message
}

fn tensor_message(name: &str, tensor: &Tensor) -> Message {
    let mut message = Message::default();
    for side in &tensor.shape {
        message.int(1, i64::try_from(*side).unwrap_or(i64::MAX));
    }
    let (kind, raw): (i64, Vec<u8>) = match &tensor.values {
        Values::Floats(values) => (1, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        Values::Ints(values) => (7, values.iter().flat_map(|value| value.to_le_bytes()).collect()),
        Values::Other => (0, Vec::new()),
    };
    message.int(2, kind).text(8, name).bytes(9, &raw);
    message
}

fn value_message(name: &str, shape: &[Option<usize>]) -> Message {
    let mut dimensions = Message::default();
    for side in shape {
        let mut dimension = Message::default();
        match side {
            Some(side) => dimension.int(1, i64::try_from(*side).unwrap_or(i64::MAX)),
            None => dimension.text(2, "n"),
        };
        dimensions.message(1, &dimension);
    }
    let mut tensor = Message::default();
    tensor.int(1, 1).message(2, &dimensions);
    let mut kind = Message::default();
    kind.message(1, &tensor);
    let mut value = Message::default();
    value.text(1, name).message(2, &kind);
    value
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_graph_that_is_written_is_read_the_same() {
        let graph = Graph {
            nodes: vec![
                Node::new("Conv", &["x", "w", ""], "y")
                    .with("strides", Attribute::Ints(vec![2, -1]))
                    .with("auto_pad", Attribute::Text("SAME_UPPER".into())),
                Node::new("Softmax", &["y"], "z")
                    .with("axis", Attribute::Int(-1))
                    .with("alpha", Attribute::Float(0.5)),
            ],
            constants: BTreeMap::from([("w".to_owned(), Tensor::floats(&[1, 2], vec![1.0, -2.5]))]),
            inputs: vec![("x".to_owned(), vec![None, Some(3)])],
            outputs: vec![("z".to_owned(), vec![None, Some(7)])],
        };
        let file = graph.write();
        assert_eq!(Graph::read(&file).unwrap(), graph);
        for cut in (0..file.len()).step_by(3) {
            // Damage is an error or a smaller graph, never a panic.
            let _ = Graph::read(&file[..cut]);
        }
        assert!(Graph::read(b"not a model").is_err());
    }
}
