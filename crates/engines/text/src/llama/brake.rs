//! Stops a pass that is under way, so that whoever comes need not wait for its end.

use std::{
    ffi::c_void,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use llama_cpp_sys_2 as sys;

/// A brake that anybody may pull. It only works while it is armed: most passes are short, and what
/// a stopped one has computed is lost.
#[derive(Debug, Default)]
pub(crate) struct Brake {
    armed: AtomicBool,
    pulled: AtomicBool,
    /// Whether it has stopped a pass that nobody has been told of yet.
    stopped: AtomicBool,
    /// Steps that llama.cpp has asked about.
    steps: AtomicUsize,
}

impl Brake {
    /// Asks for the pass under way to end, and for the next, until it is released.
    pub(crate) fn pull(&self) {
        self.pulled.store(true, Ordering::Relaxed);
    }

    /// Takes earlier requests back.
    pub(crate) fn release(&self) {
        self.pulled.store(false, Ordering::Relaxed);
    }

    /// Says whether passes from now on may be stopped.
    pub(crate) fn arm(&self, armed: bool) {
        self.armed.store(armed, Ordering::Relaxed);
    }

    /// Whether it has stopped the pass that has just ended.
    pub(super) fn take_stopped(&self) -> bool {
        self.stopped.swap(false, Ordering::Relaxed)
    }

    /// Whether to look at the brake after the next step. Looking costs the threads a meeting, so it
    /// is done after some steps only.
    fn looks(&self) -> bool {
        const STEPS: usize = 8;
        self.armed.load(Ordering::Relaxed) && self.steps.fetch_add(1, Ordering::Relaxed).is_multiple_of(STEPS)
    }

    /// Whether the pass under way goes on.
    fn goes_on(&self) -> bool {
        let stops = self.armed.load(Ordering::Relaxed) && self.pulled.load(Ordering::Relaxed);
        if stops {
            self.stopped.store(true, Ordering::Relaxed);
        }
        !stops
    }
}

/// Asked by llama.cpp before each step whether it will be asked after it, and then whether to go on.
/// (Its other way of stopping, the abort callback, writes errors into the log each time.)
///
/// # Safety
/// `brake` points to a [`Brake`] that lives.
pub(super) unsafe extern "C" fn at_a_step(
    _: *mut sys::ggml_tensor,
    before: bool,
    brake: *mut c_void,
) -> bool {
    // SAFETY: as the caller promises.
    let brake = unsafe { &*brake.cast::<Brake>() };
    if before { brake.looks() } else { brake.goes_on() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brake_works_only_while_it_is_armed_and_until_it_is_released() {
        let brake = Brake::default();
        brake.pull();
        assert!(brake.goes_on());
        brake.arm(true);
        assert!(!brake.goes_on());
        assert!(brake.take_stopped());
        assert!(!brake.take_stopped(), "it is told once");
        brake.release();
        assert!(brake.goes_on());
    }
}
