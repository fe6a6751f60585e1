//! What happens between two steps of a pass: whoever computes it may do other work, or end it.

use std::{
    any::Any,
    cell::Cell,
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    ptr,
    rc::Rc,
};

use llama_cpp_sys_2 as sys;

/// Asked between steps of a pass; answers whether it goes on. May compute on other contexts.
pub(crate) type Between<'a> = &'a mut dyn FnMut() -> bool;

/// Where llama.cpp finds who watches the pass under way: null where nobody does.
#[derive(Clone, Debug)]
pub(super) struct Post(Rc<Cell<*mut c_void>>);

impl Post {
    pub(super) fn new() -> Self {
        Self(Rc::new(Cell::new(ptr::null_mut())))
    }

    /// What is handed to llama.cpp; stays where it is as long as the post lives.
    pub(super) fn address(&self) -> *mut c_void {
        Rc::as_ptr(&self.0).cast_mut().cast()
    }

    /// Runs a pass that is watched; answers with what it came to, and whether it was stopped.
    pub(super) fn during<T>(&self, between: Between<'_>, pass: impl FnOnce() -> T) -> (T, bool) {
        let mut watch = Watch {
            between,
            steps: 0,
            stopped: false,
            panic: None,
        };
        self.0.set(ptr::from_mut(&mut watch).cast());
        let outcome = pass();
        self.0.set(ptr::null_mut());
        if let Some(panic) = watch.panic {
            // It may not pass through llama.cpp, so it was held until here.
            resume_unwind(panic);
        }
        (outcome, watch.stopped)
    }
}

struct Watch<'a> {
    between: Between<'a>,
    steps: usize,
    stopped: bool,
    panic: Option<Box<dyn Any + Send>>,
}

impl Watch<'_> {
    /// Whether to ask after the next step. Asking costs the threads a meeting, so it is done after
    /// some steps only; after the same ones in every pass, since llama.cpp computes what lies
    /// between as one, and may join two steps into one only there.
    fn asks(&mut self) -> bool {
        const STEPS: usize = 8;
        self.steps += 1;
        self.stopped || self.steps.is_multiple_of(STEPS)
    }

    fn goes_on(&mut self) -> bool {
        if !self.stopped {
            match catch_unwind(AssertUnwindSafe(|| (self.between)())) {
                Ok(goes_on) => self.stopped = !goes_on,
                Err(panic) => {
                    self.panic = Some(panic);
                    self.stopped = true;
                }
            }
        }
        !self.stopped
    }
}

/// Asked by llama.cpp before each step whether it will be asked after it, and then whether to go on.
/// (Its other way of stopping, the abort callback, writes errors into the log each time.)
///
/// # Safety
/// `post` is the address of a [`Post`] that lives.
pub(super) unsafe extern "C" fn at_a_step(_: *mut sys::ggml_tensor, before: bool, post: *mut c_void) -> bool {
    // SAFETY: as the caller promises.
    let watch = unsafe { &*post.cast::<Cell<*mut c_void>>() }.get();
    // SAFETY: not null only during `Post::during`, whose watch lives that long and is used by nobody
    // else meanwhile: llama.cpp asks on the thread that it computes for.
    match unsafe { watch.cast::<Watch<'_>>().as_mut() } {
        Some(watch) if before => watch.asks(),
        Some(watch) => watch.goes_on(),
        None => !before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays llama.cpp with so many steps; answers after how many it was told to stop.
    fn steps(post: &Post, steps: usize) -> usize {
        let ask = |before| {
            // SAFETY: the post lives.
            unsafe { at_a_step(ptr::null_mut(), before, post.address()) }
        };
        (1..=steps).find(|_| ask(true) && !ask(false)).unwrap_or(steps)
    }

    #[test]
    fn a_pass_that_nobody_watches_is_never_asked_about() {
        assert_eq!(steps(&Post::new(), 100), 100);
    }

    #[test]
    fn questions_come_after_the_same_steps_in_every_pass() {
        let post = Post::new();
        for passes in [50, 33] {
            let mut asked = 0;
            let goes_on = &mut || {
                asked += 1;
                true
            };
            assert_eq!(post.during(goes_on, || steps(&post, passes)), (passes, false));
            assert_eq!(asked, passes / 8);
        }
    }

    #[test]
    fn a_stopped_pass_says_so_and_stays_stopped() {
        let post = Post::new();
        let pass = || (steps(&post, 100), steps(&post, 100));
        assert_eq!(post.during(&mut || false, pass), ((8, 1), true));
    }

    #[test]
    fn a_panic_arrives_behind_the_pass() {
        let post = Post::new();
        let mut ended = false;
        let caught = catch_unwind(AssertUnwindSafe(|| {
            post.during(&mut || panic!("as planned"), || ended = steps(&post, 100) == 8)
        }));
        assert!(caught.is_err() && ended);
        assert_eq!(steps(&post, 100), 100);
    }
}
