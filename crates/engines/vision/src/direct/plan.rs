//! A graph to a list of steps: what follows a convolution is done with it, and memory is used again.

use std::collections::BTreeMap;

use super::{
    depthwise::Kernels,
    gemm::{Clamp, Packed},
    shape::{Shape, Slide},
};
use crate::onnx::{Graph, Node, Tensor};

/// A network ready to be computed. Weights are in it once, however many threads compute.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) steps: Vec<Step>,
    /// Numbers of each place for values.
    pub(super) places: Vec<usize>,
    pub(super) input: (usize, Shape),
    pub(super) output: (usize, Shape),
    pub(super) softmax: bool,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) from: usize,
    pub(super) shape: Shape,
    pub(super) to: usize,
    pub(super) makes: Shape,
    pub(super) residual: Option<usize>,
    pub(super) clamp: Clamp,
    pub(super) work: Work,
}

#[derive(Debug)]
pub(super) enum Work {
    /// A convolution over all channels.
    Dense { weights: Packed, slides: [Slide; 2] },
    /// One by channel.
    Depthwise { kernels: Kernels, slides: [Slide; 2] },
    /// The mean of all pixels.
    Mean,
    /// Nothing but the residual and the clamp.
    Copy,
}

/// A value while the plan is made.
#[derive(Clone, Copy)]
struct Known {
    place: usize,
    shape: Shape,
}

struct Planner<'a> {
    graph: &'a Graph,
    known: BTreeMap<&'a str, Known>,
    /// How often each value is still needed.
    uses: BTreeMap<&'a str, usize>,
    done: Vec<bool>,
    free: Vec<usize>,
    plan: Plan,
}

impl Plan {
    /// The plan of a classifier for pictures of a size, or what there is in it that is not known
    /// here.
    pub(crate) fn of(graph: &Graph, height: usize, width: usize) -> Result<Self, String> {
        let input = Shape {
            height,
            width,
            channels: 3,
            stride: 3,
        };
        let [(name, shape)] = &graph.inputs[..] else {
            return Err(format!("{} inputs", graph.inputs.len()));
        };
        let fits = |at: usize, side| shape.get(at).is_some_and(|own| own.is_none_or(|own| own == side));
        if shape.len() != 4 || !fits(1, 3) || !fits(2, height) || !fits(3, width) {
            return Err("an input that is not pictures by colours, rows, columns".to_owned());
        }
        let mut uses = BTreeMap::new();
        let read = graph.nodes.iter().flat_map(|node| &node.inputs);
        for name in read.chain(graph.outputs.iter().map(|(name, _)| name)) {
            *uses.entry(name.as_str()).or_insert(0) += 1;
        }
        let mut planner = Planner {
            graph,
            known: BTreeMap::from([(
                name.as_str(),
                Known {
                    place: 0,
                    shape: input,
                },
            )]),
            uses,
            done: vec![false; graph.nodes.len()],
            free: Vec::new(),
            plan: Self {
                steps: Vec::new(),
                places: vec![input.numbers()],
                input: (0, input),
                output: (0, input),
                softmax: false,
            },
        };
        for at in 0..graph.nodes.len() {
            if !planner.done[at] {
                planner.node(at)?;
            }
        }
        planner.finish()
    }
}

impl<'a> Planner<'a> {
    fn finish(mut self) -> Result<Plan, String> {
        let name = self.graph.outputs.first().map_or("", |(name, _)| name);
        let output = *self.known.get(name).ok_or("an output that nothing makes")?;
        if output.shape.pixels() != 1 {
            return Err("an output that is no list of scores".to_owned());
        }
        self.plan.output = (output.place, output.shape);
        Ok(self.plan)
    }

    fn node(&mut self, at: usize) -> Result<(), String> {
        let node = &self.graph.nodes[at];
        if self.plan.softmax && !matches!(&*node.op, "Identity" | "Flatten" | "Reshape") {
            return Err("work after a softmax".to_owned());
        }
        match &*node.op {
            "Conv" => self.convolution(at, node),
            "Gemm" => self.fully_connected(at, node),
            "GlobalAveragePool" => self.mean(at, node),
            "ReduceMean" if self.is_over_pixels(node) => self.mean(at, node),
            "Add" | "Clip" | "Relu" => self.alone(at, node),
            "Flatten" | "Reshape" | "Squeeze" | "Identity" | "Dropout" => self.rename(node),
            "Softmax" => {
                self.plan.softmax = true;
                self.rename(node)
            }
            other => Err(format!("the operator `{other}`")),
        }
    }

    fn convolution(&mut self, at: usize, node: &'a Node) -> Result<(), String> {
        let input = self.input(node, 0)?;
        let weights = self.constant(node, 1).ok_or("weights that are computed")?;
        let numbers = weights.as_floats().ok_or("weights that are not 32-bit floats")?;
        let [outputs, inputs, down, across] = weights.shape[..] else {
            return Err("a convolution that is not two-dimensional".to_owned());
        };
        let slides = Slide::both(node, [down, across], input.shape)?;
        let bias = self.bias(node, outputs)?;
        let groups = node
            .int("group")
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(1);
        let makes = Shape::padded(slides[0].outputs, slides[1].outputs, outputs);
        let work = if groups == 1 && inputs == input.shape.channels {
            Work::Dense {
                weights: Packed::new(
                    &taps_first(numbers, inputs, down * across),
                    &bias,
                    inputs * down * across,
                ),
                slides,
            }
        } else if inputs == 1 && groups == outputs && input.shape.stride == makes.stride {
            Work::Depthwise {
                kernels: Kernels::new(numbers, &bias, down * across),
                slides,
            }
        } else {
            return Err("a convolution in groups".to_owned());
        };
        self.step(&node.inputs[0], input, makes, work);
        self.settle(at, node)
    }

    fn fully_connected(&mut self, at: usize, node: &'a Node) -> Result<(), String> {
        let input = self.input(node, 0)?;
        let plain = |name| node.float(name).unwrap_or(1.0) == 1.0;
        if !plain("alpha") || !plain("beta") || node.int("transA").unwrap_or(0) != 0 {
            return Err("a product of matrices that is scaled or turned".to_owned());
        }
        let weights = self.constant(node, 1).ok_or("weights that are computed")?;
        let numbers = weights.as_floats().ok_or("weights that are not 32-bit floats")?;
        let turned = node.int("transB").unwrap_or(0) == 1;
        let (inputs, outputs) = match (turned, &weights.shape[..]) {
            (true, &[outputs, inputs]) | (false, &[inputs, outputs]) => (inputs, outputs),
            _ => return Err("weights that are no matrix".to_owned()),
        };
        if input.shape.pixels() != 1 || input.shape.channels != inputs {
            return Err("a product with all pixels at once".to_owned());
        }
        let bias = self.bias(node, outputs)?;
        let rows = if turned {
            numbers.to_vec()
        } else {
            transposed(numbers, inputs, outputs)
        };
        let slide = Slide {
            kernel: 1,
            step: 1,
            before: 0,
            outputs: 1,
        };
        let work = Work::Dense {
            weights: Packed::new(&rows, &bias, inputs),
            slides: [slide; 2],
        };
        self.step(&node.inputs[0], input, Shape::padded(1, 1, outputs), work);
        self.settle(at, node)
    }

    fn mean(&mut self, at: usize, node: &'a Node) -> Result<(), String> {
        let input = self.input(node, 0)?;
        self.step(
            &node.inputs[0],
            input,
            Shape::padded(1, 1, input.shape.channels),
            Work::Mean,
        );
        self.settle(at, node)
    }

    fn is_over_pixels(&self, node: &Node) -> bool {
        let listed = self.constant(node, 1).and_then(Tensor::as_ints);
        let axes = node.ints("axes").or(listed).unwrap_or(&[]);
        matches!(axes, [2, 3] | [-2, -1])
    }

    /// A sum or a clamp that no convolution took along.
    fn alone(&mut self, at: usize, node: &'a Node) -> Result<(), String> {
        let input = self.input(node, 0)?;
        if node.op == "Add" {
            let other = self.input(node, 1)?;
            if other.shape != input.shape {
                return Err("a sum of different sizes".to_owned());
            }
            let first = node.inputs[0].as_str();
            self.step(first, input, input.shape, Work::Copy);
            self.take_residual(&node.inputs[1], other);
        } else {
            let clamp = self.clamp(node)?;
            self.step(&node.inputs[0], input, input.shape, Work::Copy);
            self.last().clamp = clamp;
        }
        self.settle(at, node)
    }

    fn step(&mut self, name: &'a str, input: Known, makes: Shape, work: Work) {
        // The place of what comes out must not be one that is still read, so it is taken first.
        let to = self.place(makes);
        self.plan.steps.push(Step {
            from: input.place,
            shape: input.shape,
            to,
            makes,
            residual: None,
            clamp: Clamp::NONE,
            work,
        });
        self.used(name);
    }

    /// Takes along what follows, and makes the result known under the last name.
    fn settle(&mut self, at: usize, node: &'a Node) -> Result<(), String> {
        self.done[at] = true;
        let mut name = node.outputs.first().map_or("", String::as_str);
        while let Some((at, next)) = self.only_reader(name) {
            let step = self.last();
            let open = step.clamp == Clamp::NONE;
            match &*next.op {
                "Clip" | "Relu" if open => {
                    let clamp = self.clamp(next)?;
                    self.last().clamp = clamp;
                }
                "Add"
                    if open
                        && step.residual.is_none()
                        && !matches!(step.work, Work::Mean | Work::Depthwise { .. }) =>
                {
                    let other = next.inputs.iter().find(|other| *other != name);
                    let makes = step.makes;
                    let Some((other, value)) =
                        other.and_then(|other| Some((other, *self.known.get(&**other)?)))
                    else {
                        break;
                    };
                    if value.shape != makes {
                        break;
                    }
                    self.take_residual(other, value);
                }
                _ => break,
            }
            self.done[at] = true;
            name = next.outputs.first().map_or("", String::as_str);
        }
        let step = self.last();
        let known = Known {
            place: step.to,
            shape: step.makes,
        };
        self.known.insert(name, known);
        Ok(())
    }

    fn take_residual(&mut self, name: &'a str, value: Known) {
        self.last().residual = Some(value.place);
        self.used(name);
    }

    fn last(&mut self) -> &mut Step {
        let last = self.plan.steps.len() - 1;
        &mut self.plan.steps[last]
    }

    fn rename(&mut self, node: &'a Node) -> Result<(), String> {
        let input = self.input(node, 0)?;
        if input.shape.pixels() != 1 && !matches!(&*node.op, "Identity" | "Dropout") {
            return Err(format!("`{}` of more than one pixel", node.op));
        }
        let output = node.outputs.first().map_or("", String::as_str);
        // Whoever reads the new name reads the same place: it must not be given away in between.
        let more = self.uses.get(output).copied().unwrap_or(0);
        if let Some(uses) = self.uses.get_mut(&*node.inputs[0]) {
            *uses += more;
        }
        self.known.insert(output, input);
        self.used(&node.inputs[0]);
        Ok(())
    }

    fn input(&self, node: &Node, at: usize) -> Result<Known, String> {
        let name = node.inputs.get(at).map_or("", String::as_str);
        let missing = || format!("`{}` of something that is no picture", node.op);
        self.known.get(name).copied().ok_or_else(missing)
    }

    fn constant(&self, node: &Node, at: usize) -> Option<&'a Tensor> {
        self.graph.constants.get(node.inputs.get(at)?)
    }

    fn bias(&self, node: &Node, outputs: usize) -> Result<Vec<f32>, String> {
        if node.inputs.get(2).is_none_or(String::is_empty) {
            return Ok(vec![0.0; outputs]);
        }
        let bias = self.constant(node, 2).and_then(Tensor::as_floats);
        let fits = bias.filter(|bias| bias.len() == outputs);
        Ok(fits.ok_or("a bias of another size")?.to_vec())
    }

    fn clamp(&self, node: &Node) -> Result<Clamp, String> {
        if node.op == "Relu" {
            return Ok(Clamp {
                least: 0.0,
                ..Clamp::NONE
            });
        }
        let bound = |at: usize, name: &str, none: f32| {
            if node.inputs.get(at).is_none_or(String::is_empty) {
                return Ok(node.float(name).unwrap_or(none));
            }
            let constant = self.constant(node, at).and_then(Tensor::as_floats);
            let only = constant.and_then(<[f32]>::first);
            only.copied().ok_or("a bound that is computed".to_owned())
        };
        Ok(Clamp {
            least: bound(1, "min", f32::NEG_INFINITY)?,
            most: bound(2, "max", f32::INFINITY)?,
        })
    }

    /// The node that reads a value, where it is the only one.
    fn only_reader(&self, name: &str) -> Option<(usize, &'a Node)> {
        if self.uses.get(name) != Some(&1) {
            return None;
        }
        let mut nodes = self.graph.nodes.iter().enumerate();
        nodes.find(|(_, node)| node.inputs.iter().any(|input| input == name))
    }

    fn place(&mut self, shape: Shape) -> usize {
        let numbers = shape.numbers();
        let places = &mut self.plan.places;
        let best = |place: &usize| places[*place].abs_diff(numbers);
        match self.free.iter().copied().min_by_key(best) {
            Some(place) => {
                self.free.retain(|free| *free != place);
                places[place] = places[place].max(numbers);
                place
            }
            None => {
                places.push(numbers);
                places.len() - 1
            }
        }
    }

    fn used(&mut self, name: &str) {
        let Some(uses) = self.uses.get_mut(name) else {
            return;
        };
        *uses -= 1;
        if *uses == 0
            && let Some(known) = self.known.get(name)
        {
            self.free.push(known.place);
        }
    }
}

/// `[outputs][inputs][taps]` to `[outputs][taps][inputs]`: how pixels lie under a kernel.
fn taps_first(weights: &[f32], inputs: usize, taps: usize) -> Vec<f32> {
    weights
        .chunks_exact(inputs * taps)
        .flat_map(|output| transposed(output, inputs, taps))
        .collect()
}

fn transposed(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let column = |at: usize| matrix[at..].iter().step_by(columns).take(rows).copied();
    (0..columns).flat_map(column).collect()
}
