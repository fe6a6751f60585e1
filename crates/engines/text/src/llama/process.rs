//! What llama.cpp reads from the process's environment, set before `main` begins.
//!
//! Its tiled products of K-quantised weights sum in another order from eight rows on, so that a
//! seeded answer would depend on what runs beside it. They can be turned off by a variable only.
//! Later than here, setting one would race with whoever reads one.

use std::ffi::CStr;

const TILED_PRODUCTS: &CStr = c"GGML_CPU_TILED_MM";
const OFF: &CStr = c"0";

/// Runs before `main`, on the only thread there is. Who set the variable by hand keeps it.
extern "C" fn set() {
    const KEEP_WHAT_IS_SET: i32 = 0;
    // SAFETY: both texts end with a null byte and live for ever; no other thread exists yet that
    // could read the environment meanwhile.
    unsafe {
        libc::setenv(TILED_PRODUCTS.as_ptr(), OFF.as_ptr(), KEEP_WHAT_IS_SET);
    }
}

// SAFETY: both sections hold pointers to functions that take nothing and return nothing, which the
// loader calls one after the other before `main`.
#[used]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_os = "macos"), unsafe(link_section = ".init_array"))]
static BEFORE_MAIN: extern "C" fn() = set;
