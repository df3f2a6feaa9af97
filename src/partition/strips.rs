//! Sorting segments by strips of ground.
//!
//! Sorting is much of the work of an overlay, and most of its cost is going through memory again
//! and again: segments are first dealt out to strips of rising x, few enough in each to be sorted
//! within a processor's cache, and each strip is handled by one task from there on.

use std::ops::Range;

use rayon::prelude::*;

use super::noding::Segment;

/// Segments of a strip, about.
const STRIP: usize = 1 << 11;

/// Sorts the segments of `parts`, and calls `work` with each strip's range of x, of the smaller
/// end, and its segments, sorted by their ends. What it makes of consecutive strips adds up in one
/// result; the results come in order. The ranges cover all x, and no two segments of different
/// strips have the same ends.
pub(super) fn by_strips<R: Default + Send>(
    mut parts: Vec<Vec<Segment>>,
    work: impl Fn(&mut R, Range<i64>, &mut [Segment]) + Sync,
) -> Vec<R> {
    let total: usize = parts.iter().map(Vec::len).sum();
    let x_of = |s: &Segment| i64::from(s.a.x);
    let all = || parts.par_iter().flat_map(|part| part.par_iter().map(x_of));
    let (west, east) = rayon::join(|| all().min().unwrap_or(0), || all().max().unwrap_or(0));
    let wanted = (total / STRIP).max(1) as i64;
    // The width of strips is two to this power.
    let power = ((east - west) / wanted).max(1).ilog2();
    let count = ((east - west) >> power) as usize + 1;
    let strip_of = |s: &Segment| ((x_of(s) - west) >> power) as usize;

    let share = total.div_ceil(SHARES).max(1);
    let dealt: Vec<(&[Segment], Vec<usize>)> = parts
        .par_iter_mut()
        .flat_map(|part| part.par_chunks_mut(share))
        .map(|part| {
            let starts = deal(part, count, strip_of);
            (&*part, starts)
        })
        .collect();
    (0..count)
        .into_par_iter()
        .fold(
            Default::default,
            |(mut result, mut strip): (R, Vec<Segment>), n| {
                strip.clear();
                for (part, starts) in &dealt {
                    strip.extend_from_slice(&part[starts[n]..starts[n + 1]]);
                }
                if strip.len() > CROWDED {
                    strip.par_sort_unstable_by_key(Segment::rank);
                } else {
                    strip.sort_unstable_by_key(Segment::rank);
                }
                let from = match n {
                    0 => i64::MIN,
                    _ => west + ((n as i64) << power),
                };
                let to = match n + 1 {
                    next if next == count => i64::MAX,
                    next => west + ((next as i64) << power),
                };
                work(&mut result, from..to, &mut strip);
                (result, strip)
            },
        )
        .map(|(result, _)| result)
        .collect()
}

/// More segments than this in one strip, and all processors sort it.
const CROWDED: usize = 1 << 16;

/// Parts of the segments that are dealt out apart, about.
const SHARES: usize = 16;

/// Puts the segments of each strip together, in place; returns where each strip starts, and the
/// end.
fn deal(part: &mut [Segment], count: usize, strip_of: impl Fn(&Segment) -> usize) -> Vec<usize> {
    let mut starts = vec![0; count + 1];
    for segment in part.iter() {
        starts[strip_of(segment) + 1] += 1;
    }
    for n in 0..count {
        starts[n + 1] += starts[n];
    }
    let mut places = starts.clone();
    for n in 0..count {
        while places[n] < starts[n + 1] {
            let strip = strip_of(&part[places[n]]);
            // A segment out of its strip changes places with the one that lies where it belongs.
            if strip != n {
                part.swap(places[n], places[strip]);
            }
            places[strip] += 1;
        }
    }
    starts
}
