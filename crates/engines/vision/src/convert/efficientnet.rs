//! EfficientNet-Lite: inverted residual blocks without squeeze-and-excitation, clipped at 6.
//! Padded as TensorFlow does it, because its weights come from there.

use busbar_core::Result;

use super::{StateDict, batch_norm::fold, unusable};
use crate::onnx::{Attribute, Graph, Node, Tensor};

/// Blocks of one kind: how many, and the step of the first one.
struct Stage {
    repeats: usize,
    step: i64,
}

const fn stage(repeats: usize, step: i64) -> Stage {
    Stage { repeats, step }
}

/// Those of Lite0. Kernels and channels are in the weights.
const LITE0: [Stage; 7] = [
    stage(1, 1),
    stage(2, 2),
    stage(2, 2),
    stage(3, 2),
    stage(3, 1),
    stage(4, 2),
    stage(1, 1),
];
const SIZE: usize = 224;

/// The graph of Lite0, from weights as `efficientnet_lite_pytorch` names them.
pub(super) fn lite0(weights: &StateDict) -> Result<Graph> {
    let mut network = Builder {
        weights,
        graph: Graph::default(),
        last: "input".to_owned(),
        channels: 3,
    };
    network.graph.inputs = vec![("input".to_owned(), vec![None, Some(3), Some(SIZE), Some(SIZE)])];
    for (name, bound) in [("least", 0.0), ("most", 6.0)] {
        let bound = Tensor::floats(&[], vec![bound]);
        network.graph.constants.insert(name.to_owned(), bound);
    }
    network.convolution("_conv_stem", "_bn0", 2)?;
    network.clip();
    let steps = LITE0.iter().flat_map(|stage| {
        let later = std::iter::repeat_n(1, stage.repeats - 1);
        std::iter::once(stage.step).chain(later)
    });
    for (at, step) in steps.enumerate() {
        network.block(&format!("_blocks.{at}"), step)?;
    }
    network.convolution("_conv_head", "_bn1", 1)?;
    network.clip();
    network.classify()?;
    Ok(network.graph)
}

struct Builder<'a> {
    weights: &'a StateDict,
    graph: Graph,
    /// The value made last, and its channels.
    last: String,
    channels: usize,
}

impl Builder<'_> {
    fn block(&mut self, name: &str, step: i64) -> Result<()> {
        let (before, channels) = (self.last.clone(), self.channels);
        // The first block has nothing to expand.
        if self.weights.get(&format!("{name}._expand_conv.weight")).is_ok() {
            self.convolution(&format!("{name}._expand_conv"), &format!("{name}._bn0"), 1)?;
            self.clip();
        }
        self.convolution(&format!("{name}._depthwise_conv"), &format!("{name}._bn1"), step)?;
        self.clip();
        self.convolution(&format!("{name}._project_conv"), &format!("{name}._bn2"), 1)?;
        if step == 1 && channels == self.channels {
            let made = format!("{name}.sum");
            self.add(Node::new("Add", &[&self.last, &before], &made), made);
        }
        Ok(())
    }

    fn convolution(&mut self, name: &str, norm: &str, step: i64) -> Result<()> {
        let folded = fold(self.weights, name, norm)?;
        let [outputs, inputs, height, width] = folded.shape[..] else {
            return Err(unusable(format!("`{name}` is no convolution")));
        };
        let groups = if inputs == 1 { outputs } else { 1 };
        if inputs * groups != self.channels {
            return Err(unusable(format!(
                "`{name}` takes {} channels, and {} come to it: the weights are of another network",
                inputs * groups,
                self.channels
            )));
        }
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        let ints = |values: &[usize]| Attribute::Ints(values.iter().map(|&value| value as i64).collect());
        let node = Node::new("Conv", &[&self.last, &weight, &bias], name)
            .with("auto_pad", Attribute::Text("SAME_UPPER".to_owned()))
            .with("group", Attribute::Int(groups as i64))
            .with("kernel_shape", ints(&[height, width]))
            .with("strides", Attribute::Ints(vec![step, step]));
        let constants = &mut self.graph.constants;
        constants.insert(weight, Tensor::floats(&folded.shape, folded.weights));
        constants.insert(bias, Tensor::floats(&[outputs], folded.bias));
        self.channels = outputs;
        self.add(node, name.to_owned());
        Ok(())
    }

    fn clip(&mut self) {
        let made = format!("{}.clipped", self.last);
        self.add(Node::new("Clip", &[&self.last, "least", "most"], &made), made);
    }

    fn classify(&mut self) -> Result<()> {
        let (shape, weights) = self.weights.get("_fc.weight")?;
        let (_, bias) = self.weights.get("_fc.bias")?;
        let &[classes, inputs] = shape else {
            return Err(unusable("`_fc.weight` is no matrix"));
        };
        if inputs != self.channels || bias.len() != classes {
            return Err(unusable("`_fc` does not fit what comes before it"));
        }
        let constants = &mut self.graph.constants;
        constants.insert("_fc.weight".to_owned(), Tensor::floats(shape, weights.to_vec()));
        constants.insert("_fc.bias".to_owned(), Tensor::floats(&[classes], bias.to_vec()));
        let names = ["pooled", "flat", "logits", "probabilities"].map(str::to_owned);
        let [pooled, flat, logits, probabilities] = names;
        let pool = Node::new("GlobalAveragePool", &[&self.last], &pooled);
        self.add(pool, pooled);
        let flatten = Node::new("Flatten", &[&self.last], &flat).with("axis", Attribute::Int(1));
        self.add(flatten, flat);
        let product = Node::new("Gemm", &[&self.last, "_fc.weight", "_fc.bias"], &logits)
            .with("transB", Attribute::Int(1));
        self.add(product, logits);
        let softmax = Node::new("Softmax", &[&self.last], &probabilities).with("axis", Attribute::Int(1));
        self.graph.outputs = vec![(probabilities.clone(), vec![None, Some(classes)])];
        self.add(softmax, probabilities);
        Ok(())
    }

    fn add(&mut self, node: Node, made: String) {
        self.graph.nodes.push(node);
        self.last = made;
    }
}
