//! Sizes of values and the geometry of convolutions.

use std::ops::Range;

use crate::onnx::Node;

/// The size of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    /// Numbers from one pixel to the next.
    pub(super) stride: usize,
}

impl Shape {
    pub(super) fn padded(height: usize, width: usize, channels: usize) -> Self {
        Self {
            height,
            width,
            channels,
            stride: super::padded(channels),
        }
    }

    pub(super) fn pixels(&self) -> usize {
        self.height * self.width
    }

    pub(super) fn numbers(&self) -> usize {
        self.pixels() * self.stride
    }
}

/// A kernel that moves over one side of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slide {
    pub(super) kernel: usize,
    pub(super) step: usize,
    /// Pixels of nothing before the first one.
    pub(super) before: usize,
    pub(super) outputs: usize,
}

impl Slide {
    /// Those of a convolution, down and across; or why not.
    pub(super) fn both(node: &Node, kernel: [usize; 2], input: Shape) -> Result<[Self; 2], String> {
        if node
            .ints("dilations")
            .is_some_and(|all| all.iter().any(|&one| one != 1))
        {
            return Err("a dilated convolution".to_owned());
        }
        let steps = node.ints("strides").unwrap_or(&[1, 1]);
        let pads = node.ints("pads").unwrap_or(&[0; 4]);
        let rule = node.text("auto_pad").unwrap_or("NOTSET");
        let side = |at: usize, length: usize| {
            let size = |numbers: &[i64], at| numbers.get(at).and_then(|&n: &i64| usize::try_from(n).ok());
            let (Some(step), Some(before), Some(after)) =
                (size(steps, at), size(pads, at), size(pads, at + 2))
            else {
                return Err("a convolution that is not two-dimensional".to_owned());
            };
            let kernel = kernel[at];
            let step = step.max(1);
            let whole = length.div_ceil(step);
            let missing = (whole.saturating_sub(1) * step + kernel).saturating_sub(length);
            let (before, after) = match rule {
                "NOTSET" => (before, after),
                "VALID" => (0, 0),
                "SAME_UPPER" => (missing / 2, missing.div_ceil(2)),
                "SAME_LOWER" => (missing.div_ceil(2), missing / 2),
                other => return Err(format!("the padding `{other}`")),
            };
            let room = (length + before + after).checked_sub(kernel);
            let outputs = room.ok_or("a kernel larger than its input")? / step + 1;
            Ok(Self {
                kernel,
                step,
                before,
                outputs,
            })
        };
        Ok([side(0, input.height)?, side(1, input.width)?])
    }

    /// Whether it leaves pixels where they are.
    pub(super) fn is_pointwise(&self) -> bool {
        self.kernel == 1 && self.step == 1 && self.before == 0
    }

    /// The taps at `output` that lie within `length` pixels, and the pixel under the first of them.
    pub(super) fn taps(&self, output: usize, length: usize) -> (Range<usize>, usize) {
        let start = output * self.step;
        let first = self.before.saturating_sub(start).min(self.kernel);
        let end = (length + self.before).saturating_sub(start).min(self.kernel);
        (first..end.max(first), (start + first).saturating_sub(self.before))
    }

    /// The outputs at which every tap lies within `length` pixels.
    pub(super) fn inside(&self, length: usize) -> Range<usize> {
        let first = self.before.div_ceil(self.step).min(self.outputs);
        let end = (length + self.before)
            .checked_sub(self.kernel)
            .map_or(0, |last| last / self.step + 1);
        first..end.clamp(first, self.outputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::Attribute;

    #[test]
    fn same_upper_puts_the_odd_pixel_after() {
        let node = Node::new("Conv", &[], "y")
            .with("auto_pad", Attribute::Text("SAME_UPPER".into()))
            .with("strides", Attribute::Ints(vec![2, 2]));
        let [down, _] = Slide::both(&node, [3, 3], Shape::padded(224, 224, 3)).unwrap();
        assert_eq!((down.before, down.outputs), (0, 112));
        assert_eq!(down.taps(0, 224), (0..3, 0));
        assert_eq!(down.taps(111, 224), (0..2, 222));
        assert_eq!(down.inside(224), 0..111);
    }

    #[test]
    fn taps_outside_are_left_out_on_both_sides() {
        let slide = Slide {
            kernel: 5,
            step: 1,
            before: 2,
            outputs: 7,
        };
        assert_eq!(slide.taps(0, 7), (2..5, 0));
        assert_eq!(slide.taps(3, 7), (0..5, 1));
        assert_eq!(slide.taps(6, 7), (0..3, 4));
        assert_eq!(slide.inside(7), 2..5);
    }
}
