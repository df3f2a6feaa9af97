//! What lies beyond the data: their mirror image.

use std::ops::Range;

/// Gives pixels that are not `valid` the mirror image of the nearest that are: along rows first,
/// then whole rows. `values` are channel by channel, row by row. Without any valid pixel nothing
/// is done.
pub(super) fn fill(values: &mut [f32], valid: &[bool], width: usize, height: usize) {
    if !valid.contains(&false) {
        return;
    }
    let size = width * height;
    let rows: Vec<bool> = valid
        .chunks_exact(width)
        .map(|row| row.contains(&true))
        .collect();
    for (row, line) in valid.chunks_exact(width).enumerate() {
        if !rows[row] || !line.contains(&false) {
            continue;
        }
        let sources = sources(line);
        for channel in values.chunks_exact_mut(size) {
            let pixels = &mut channel[row * width..(row + 1) * width];
            for (at, &from) in sources.iter().enumerate() {
                pixels[at] = pixels[from];
            }
        }
    }
    if rows.contains(&true) && rows.contains(&false) {
        let sources = sources(&rows);
        for channel in values.chunks_exact_mut(size) {
            for (at, &from) in sources.iter().enumerate() {
                if at != from {
                    channel.copy_within(from * width..(from + 1) * width, at * width);
                }
            }
        }
    }
}

/// For each place of a line, the valid place whose value it takes; a valid one takes its own.
fn sources(valid: &[bool]) -> Vec<usize> {
    let runs = runs(valid);
    let mut sources: Vec<usize> = (0..valid.len()).collect();
    for (at, source) in sources.iter_mut().enumerate() {
        if valid[at] {
            continue;
        }
        let before = runs.iter().rev().find(|run| run.end <= at);
        let after = runs.iter().find(|run| run.start > at);
        let from_before = before.map(|run| (at + 1 - run.end, run));
        let from_after = after.map(|run| (run.start - at, run));
        *source = match (from_before, from_after) {
            (Some((far, run)), Some((near, _))) if far <= near => run.end - 1 - fold(far, run),
            (_, Some((near, run))) => run.start + fold(near, run),
            (Some((far, run)), None) => run.end - 1 - fold(far, run),
            (None, None) => at,
        };
    }
    sources
}

/// The maximal runs of valid places.
fn runs(valid: &[bool]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, _) in valid.iter().enumerate().filter(|(_, valid)| **valid) {
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// How far inside a run the mirror image of a place so far beyond its end is: the end itself is
/// not repeated, and a short run is mirrored again and again.
fn fold(distance: usize, run: &Range<usize>) -> usize {
    let last = run.len() - 1;
    if last == 0 {
        return 0;
    }
    let place = distance % (2 * last);
    place.min(2 * last - place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(line: &[i32]) -> Vec<i32> {
        let valid: Vec<bool> = line.iter().map(|&v| v >= 0).collect();
        let mut values: Vec<f32> = line.iter().map(|&v| v as f32).collect();
        fill(&mut values, &valid, line.len(), 1);
        values.iter().map(|&v| v as i32).collect()
    }

    #[test]
    fn the_edge_is_not_repeated() {
        assert_eq!(
            filled(&[-1, -1, 5, 6, 7, 8, -1, -1]),
            [7, 6, 5, 6, 7, 8, 7, 6]
        );
        assert_eq!(filled(&[-1, -1, -1, -1, 1, 2]), [1, 2, 1, 2, 1, 2]);
        assert_eq!(filled(&[-1, 4, -1]), [4, 4, 4]);
        // A hole takes from both sides.
        assert_eq!(filled(&[1, 2, 3, -1, -1, 6, 7]), [1, 2, 3, 2, 7, 6, 7]);
    }

    #[test]
    fn empty_rows_mirror_full_ones() {
        let mut values = vec![0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 0.0];
        let valid = [false, false, true, true, true, true, false, false];
        fill(&mut values, &valid, 2, 4);
        assert_eq!(values, [3.0, 4.0, 1.0, 2.0, 3.0, 4.0, 1.0, 2.0]);
    }
}
