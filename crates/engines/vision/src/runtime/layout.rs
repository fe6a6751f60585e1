//! The order in which a network wants its numbers.

use std::borrow::Cow;

use crate::description::{Description, Layout};

/// What a picture looks like to a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrangement {
    height: usize,
    width: usize,
    layout: Layout,
}

impl Arrangement {
    pub(super) fn of(description: &Description) -> Self {
        Self {
            height: description.height as usize,
            width: description.width as usize,
            layout: description.layout,
        }
    }

    pub(super) fn shape(&self) -> [usize; 4] {
        match self.layout {
            Layout::Nchw => [1, 3, self.height, self.width],
            Layout::Nhwc => [1, self.height, self.width, 3],
        }
    }

    /// From rows of pixels, colours together.
    pub(super) fn numbers<'a>(&self, numbers: &'a [f32]) -> Cow<'a, [f32]> {
        match self.layout {
            Layout::Nhwc => Cow::Borrowed(numbers),
            Layout::Nchw => (0..3)
                .flat_map(|colour| numbers[colour..].iter().step_by(3))
                .copied()
                .collect(),
        }
    }
}
