//! The microkernel: a few rows times one panel, the sums kept in registers from begin to end.

use super::lanes::Lanes;

/// The largest tile there is: 12 rows of 32 columns.
pub(crate) const LARGEST: usize = 12 * 32;

/// The left-hand side of a tile: `height` slices for each tap, tap after tap, each at least `depth`
/// long.
#[derive(Clone, Copy)]
pub(crate) struct Left<'a> {
    pub(crate) rows: &'a [&'a [f32]],
    pub(crate) height: usize,
    pub(crate) depth: usize,
}

/// Sets `sums[row][column]` to the sum over taps and depth of `rows[tap][row] · panel[tap]`.
pub(crate) fn tile(lanes: Lanes, left: Left<'_>, panel: &[f32], sums: &mut [f32; LARGEST]) {
    let Left { rows, height, depth } = left;
    let taps = rows.len() / height;
    assert!(rows.len() == taps * height && rows.iter().all(|row| row.len() >= depth));
    assert!(panel.len() >= taps * depth * lanes.panel());
    macro_rules! by_height {
        ($kernel:ident: $($height:literal)+) => {
            match height {
                // SAFETY: the lengths were checked above, the instructions by whoever chose `lanes`.
                $($height => unsafe { $kernel::<$height>(rows, depth, panel.as_ptr(), sums) },)+
                _ => unreachable!("a tile has at most as many rows as its lanes allow"),
            }
        };
    }
    match lanes {
        #[cfg(target_arch = "x86_64")]
        Lanes::Avx512 => by_height!(avx512: 1 2 3 4 5 6 7 8 9 10 11 12),
        #[cfg(target_arch = "x86_64")]
        Lanes::Avx2 => by_height!(avx2: 1 2 3 4 5 6),
        Lanes::Portable => by_height!(portable: 1 2 3 4),
    }
}

/// # Safety
/// Every row is `depth` long, the panel has `taps × depth` rows, and the processor has AVX-512.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn avx512<const HEIGHT: usize>(
    rows: &[&[f32]],
    depth: usize,
    mut panel: *const f32,
    sums: &mut [f32; LARGEST],
) {
    use std::arch::x86_64::{
        _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
    };
    let mut acc = [[_mm512_setzero_ps(); 2]; HEIGHT];
    for tap in rows.chunks_exact(HEIGHT) {
        let mut at = [std::ptr::null(); HEIGHT];
        for (at, row) in at.iter_mut().zip(tap) {
            *at = row.as_ptr();
        }
        for k in 0..depth {
            // SAFETY: `panel` moves through `taps × depth` rows of 32, each pointer through `depth`.
            unsafe {
                let left = _mm512_loadu_ps(panel);
                let right = _mm512_loadu_ps(panel.add(16));
                panel = panel.add(32);
                for row in 0..HEIGHT {
                    let value = _mm512_set1_ps(*at[row].add(k));
                    acc[row][0] = _mm512_fmadd_ps(value, left, acc[row][0]);
                    acc[row][1] = _mm512_fmadd_ps(value, right, acc[row][1]);
                }
            }
        }
    }
    for (row, [left, right]) in acc.into_iter().enumerate() {
        // SAFETY: `sums` has room for 12 rows of 32.
        unsafe {
            _mm512_storeu_ps(sums.as_mut_ptr().add(row * 32), left);
            _mm512_storeu_ps(sums.as_mut_ptr().add(row * 32 + 16), right);
        }
    }
}

/// # Safety
/// Every row is `depth` long, the panel has `taps × depth` rows, and the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2<const HEIGHT: usize>(
    rows: &[&[f32]],
    depth: usize,
    mut panel: *const f32,
    sums: &mut [f32; LARGEST],
) {
    use std::arch::x86_64::{
        _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_setzero_ps, _mm256_storeu_ps,
    };
    let mut acc = [[_mm256_setzero_ps(); 2]; HEIGHT];
    for tap in rows.chunks_exact(HEIGHT) {
        let mut at = [std::ptr::null(); HEIGHT];
        for (at, row) in at.iter_mut().zip(tap) {
            *at = row.as_ptr();
        }
        for k in 0..depth {
            // SAFETY: `panel` moves through `taps × depth` rows of 16, each pointer through `depth`.
            unsafe {
                let left = _mm256_loadu_ps(panel);
                let right = _mm256_loadu_ps(panel.add(8));
                panel = panel.add(16);
                for row in 0..HEIGHT {
                    let value = _mm256_set1_ps(*at[row].add(k));
                    acc[row][0] = _mm256_fmadd_ps(value, left, acc[row][0]);
                    acc[row][1] = _mm256_fmadd_ps(value, right, acc[row][1]);
                }
            }
        }
    }
    for (row, [left, right]) in acc.into_iter().enumerate() {
        // SAFETY: `sums` has room for 12 rows of 32.
        unsafe {
            _mm256_storeu_ps(sums.as_mut_ptr().add(row * 16), left);
            _mm256_storeu_ps(sums.as_mut_ptr().add(row * 16 + 8), right);
        }
    }
}

/// # Safety
/// Every row is `depth` long, and the panel has `taps × depth` rows.
unsafe fn portable<const HEIGHT: usize>(
    rows: &[&[f32]],
    depth: usize,
    panel: *const f32,
    sums: &mut [f32; LARGEST],
) {
    const WIDTH: usize = 16;
    let taps = rows.len() / HEIGHT;
    // SAFETY: the caller promises that many rows.
    let panel = unsafe { std::slice::from_raw_parts(panel, taps * depth * WIDTH) };
    let mut acc = [[0.0_f32; WIDTH]; HEIGHT];
    for (tap, panel) in rows.chunks_exact(HEIGHT).zip(panel.chunks_exact(depth * WIDTH)) {
        for (k, weights) in panel.as_chunks::<WIDTH>().0.iter().enumerate() {
            for (acc, row) in acc.iter_mut().zip(tap) {
                let value = row[k];
                for (acc, weight) in acc.iter_mut().zip(weights) {
                    *acc = fused(value, *weight, *acc);
                }
            }
        }
    }
    for (sums, acc) in sums.chunks_exact_mut(WIDTH).zip(acc) {
        sums.copy_from_slice(&acc);
    }
}

/// One instruction where the processor is known to have it, two where it might be a call.
#[inline(always)]
fn fused(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_arch = "aarch64", target_feature = "fma")) {
        a.mul_add(b, c)
    } else {
        a * b + c
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_lanes_sums_the_same() {
        let depth = 37;
        let rows: Vec<Vec<f32>> = (0..24)
            .map(|row| {
                (0..depth)
                    .map(|k| ((row * 31 + k * 17) % 23) as f32 - 11.0)
                    .collect()
            })
            .collect();
        let kinds = [Lanes::here(), Lanes::Portable];
        #[cfg(target_arch = "x86_64")]
        let kinds = {
            let avx2 = if kinds[0] == Lanes::Portable {
                Lanes::Portable
            } else {
                Lanes::Avx2
            };
            [kinds[0], kinds[1], avx2]
        };
        for lanes in kinds {
            let width = lanes.panel();
            let panel: Vec<f32> = (0..2 * depth * width)
                .map(|i| ((i * 7) % 13) as f32 - 6.0)
                .collect();
            for height in 1..=lanes.rows() {
                let slices: Vec<&[f32]> = rows[..2 * height].iter().map(Vec::as_slice).collect();
                let mut sums = [0.0; LARGEST];
                let left = Left {
                    rows: &slices,
                    height,
                    depth,
                };
                tile(lanes, left, &panel, &mut sums);
                for row in 0..height {
                    for column in 0..width {
                        let expected: f32 = (0..2 * depth)
                            .map(|k| rows[k / depth * height + row][k % depth] * panel[k * width + column])
                            .sum();
                        assert_eq!(
                            sums[row * width + column],
                            expected,
                            "{lanes:?} {height} {row} {column}"
                        );
                    }
                }
            }
        }
    }
}
