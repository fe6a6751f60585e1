//! Which vector instructions this processor has, found out once, and loops compiled for each.

/// The widest instructions that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lanes {
    /// 16 floats at once.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 8 floats at once.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Whatever the compiler makes of plain loops.
    Portable,
}

impl Lanes {
    /// The widest that there are here.
    pub(crate) fn here() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            // The standard library remembers what it found.
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// Columns of a panel of packed weights.
    pub(crate) fn panel(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => 32,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 16,
            Self::Portable => 16,
        }
    }

    /// The most rows that are multiplied at once.
    pub(crate) fn rows(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => 12,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 6,
            Self::Portable => 4,
        }
    }
}

/// Defines a function whose body is compiled for every kind of lanes; the right one runs.
macro_rules! for_lanes {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $kind:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        pub(crate) fn $name($($arg: $kind),*) {
            #[inline(always)]
            fn body($($arg: $kind),*) $body
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            fn avx512($($arg: $kind),*) { body($($arg),*); }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($arg: $kind),*) { body($($arg),*); }
            match $crate::kernel::lanes::Lanes::here() {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the processor was asked.
                $crate::kernel::lanes::Lanes::Avx512 => unsafe { avx512($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: the processor was asked.
                $crate::kernel::lanes::Lanes::Avx2 => unsafe { avx2($($arg),*) },
                $crate::kernel::lanes::Lanes::Portable => body($($arg),*),
            }
        }
    };
}
pub(crate) use for_lanes;
