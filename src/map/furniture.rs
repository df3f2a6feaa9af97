//! What a map needs beside the ground: legend, scale, north.

use std::fmt::Write;

use super::picture::{LOST, safe};
use crate::french::{FIXED, number};

/// A line of a legend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) colour: String,
    pub(super) label: String,
}

/// Pixels of a line of a legend.
const LINE: f64 = 19.0;
/// Pixels of a letter, about.
const LETTER: f64 = 6.4;
/// Pixels of a patch of colour and the space around.
const PATCH: f64 = 34.0;

/// How many lines the columns of a legend have, and how wide each is: as many columns as there is room for.
fn columns(keys: &[Key], width: f64) -> (usize, Vec<f64>) {
    let wide = |key: &Key| key.label.chars().count() as f64 * LETTER + PATCH;
    let of = |lines: usize| -> Vec<f64> {
        let columns = keys.chunks(lines);
        columns
            .map(|column| column.iter().map(wide).fold(0.0, f64::max))
            .collect()
    };
    let lines = (1..keys.len()).find(|&lines| of(lines).iter().sum::<f64>() <= width);
    let lines = lines.unwrap_or(keys.len().max(1));
    (lines, of(lines))
}

pub(super) fn legend_height(keys: &[Key], width: f64) -> f64 {
    let (lines, _) = columns(keys, width);
    lines as f64 * LINE + 6.0
}

/// Draws a legend, column by column.
pub(super) fn legend(svg: &mut String, keys: &[Key], x: f64, y: f64, width: f64, mark: &str) {
    let (lines, wide) = columns(keys, width);
    for (n, key) in keys.iter().enumerate() {
        let before: f64 = wide.iter().take(n / lines).sum();
        let (left, top) = (x + before, y + (n % lines) as f64 * LINE);
        let fill = match key.colour.as_str() {
            LOST => format!("url(#{mark}-lost)"),
            colour => colour.to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = write!(
            svg,
            "<rect x=\"{left:.0}\" y=\"{top:.0}\" width=\"20\" height=\"13\" fill=\"{fill}\" stroke=\"#666\" stroke-width=\".6\"/><text x=\"{:.0}\" y=\"{:.0}\">{}</text>",
            left + 26.0,
            top + 11.0,
            safe(&key.label),
        );
    }
}

/// Draws a bar of a round length, at most a third of the map.
pub(super) fn scale_bar(svg: &mut String, metres_per_pixel: f64, across: f64, down: f64) {
    let most = across / 3.0 * metres_per_pixel;
    let power = 10f64.powf(most.log10().floor());
    let length = [5.0, 2.0, 1.0]
        .iter()
        .map(|n| n * power)
        .find(|&length| length <= most)
        .unwrap_or(power);
    let pixels = length / metres_per_pixel;
    let label = match length >= 1000.0 {
        true => format!("{}{FIXED}km", number(length / 1000.0, 0)),
        false => format!("{}{FIXED}m", number(length, 0)),
    };
    let _ = write!(
        svg,
        "<g transform=\"translate(10 {:.0})\"><rect x=\"-5\" y=\"-20\" width=\"{:.0}\" height=\"28\" fill=\"#fff\" opacity=\".8\"/><path d=\"M0 -4v4h{pixels:.1}v-4\" fill=\"none\" stroke=\"#222\" stroke-width=\"1.6\"/><text y=\"-7\" font-size=\"11\">{label}</text></g>",
        down - 12.0,
        pixels.max(label.chars().count() as f64 * LETTER) + 10.0,
    );
}

/// Draws an arrow to the north of the grid.
pub(super) fn north(svg: &mut String, across: f64) {
    let _ = write!(
        svg,
        "<g transform=\"translate({:.0} 8)\"><circle cy=\"14\" r=\"14\" fill=\"#fff\" opacity=\".8\"/><path d=\"M0 2l5 14-5-3-5 3z\" fill=\"#222\"/><text y=\"26\" font-size=\"10\" font-weight=\"700\" text-anchor=\"middle\">N</text></g>",
        across - 22.0,
    );
}
