//! Scores of class rasters as tables and pictures.

use std::fmt::Write;

use super::classes::{ClassEvaluation, REFERENCE};
use crate::error::{Error, Result};

/// A share as it is written: empty where there is none.
fn share(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.4}")
    } else {
        String::new()
    }
}

fn csv(rows: impl IntoIterator<Item = Vec<String>>) -> Result<String> {
    let failed = |e: &dyn std::fmt::Display| Error::Internal(format!("a table of scores: {e}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(|e| failed(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(&e))?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
}

fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

/// The scores of each class, and of all.
pub(super) fn class_table(evaluation: &ClassEvaluation) -> Result<String> {
    let caveat = evaluation.caveat.unwrap_or("").to_owned();
    let header = strings([
        "caveat",
        "code",
        "label_fr",
        "pixels",
        "found",
        "right",
        "iou",
        "precision",
        "recall",
        "f1",
    ]);
    let rows = evaluation.classes.iter().map(|class| {
        let mut row = vec![caveat.clone(), class.code.to_string(), class.label.clone()];
        row.extend([class.there, class.found, class.right].map(|n| n.to_string()));
        row.extend([class.iou(), class.precision(), class.recall(), class.f1()].map(share));
        row
    });
    let pixels = evaluation.pixels();
    let right: u64 = evaluation.classes.iter().map(|class| class.right).sum();
    let found: u64 = evaluation.classes.iter().map(|class| class.found).sum();
    let accuracy = share(evaluation.accuracy());
    let all = vec![
        caveat.clone(),
        String::new(),
        "ensemble".to_owned(),
        pixels.to_string(),
        found.to_string(),
        right.to_string(),
        share(evaluation.mean_iou()),
        share(right as f64 / found as f64),
        accuracy,
        String::new(),
    ];
    csv([header].into_iter().chain(rows).chain([all]))
}

/// Pixels by class that is there and class that was found.
pub(super) fn confusion_table(evaluation: &ClassEvaluation) -> Result<String> {
    let codes = evaluation
        .classes
        .iter()
        .map(|class| class.code.to_string());
    let header = ["there".to_owned()]
        .into_iter()
        .chain(codes.clone().map(|code| format!("found_{code}")))
        .chain(["found_none".to_owned()]);
    let rows = codes.zip(&evaluation.confusion).map(|(code, row)| {
        let counts = row.iter().map(u64::to_string);
        [code].into_iter().chain(counts).collect()
    });
    csv([header.collect()].into_iter().chain(rows))
}

/// How sure the model was, and how often it was right.
pub(super) fn calibration_table(evaluation: &ClassEvaluation) -> Result<String> {
    let header = strings(["pixels", "mean_probability", "share_right"]);
    let bins = evaluation.calibration.iter().filter(|bin| bin.pixels > 0);
    let rows = bins.map(|bin| {
        vec![
            bin.pixels.to_string(),
            share(bin.confidence()),
            share(bin.accuracy()),
        ]
    });
    csv([header].into_iter().chain(rows))
}

/// Side of a square of the confusion matrix, in pixels of the picture.
const CELL: usize = 46;
/// Room for the names of classes.
const NAMES: usize = 170;

fn begin(width: usize, height: usize) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    )
}

fn title(evaluation: &ClassEvaluation, what: &str) -> String {
    match evaluation.caveat {
        Some(caveat) => format!("{what}, {caveat}"),
        None => what.to_owned(),
    }
}

/// The confusion matrix as a picture: each row sums to 100 %.
pub(super) fn confusion(evaluation: &ClassEvaluation) -> String {
    let count = evaluation.classes.len();
    let (width, height) = (NAMES + CELL * (count + 1) + 20, NAMES + CELL * count + 50);
    let mut svg = begin(width, height);
    let heading = format!(
        "{} : {:.1} % de pixels justes (référence : {:.0} %)",
        title(evaluation, "Matrice de confusion"),
        100.0 * evaluation.accuracy(),
        100.0 * REFERENCE
    );
    let _ = writeln!(
        svg,
        "<text x=\"10\" y=\"20\" font-size=\"15\">{heading}</text>"
    );
    let names: Vec<String> = evaluation
        .classes
        .iter()
        .map(|class| format!("{} {}", class.code, class.label))
        .collect();
    for (n, name) in names
        .iter()
        .map(String::as_str)
        .chain(["aucune"])
        .enumerate()
    {
        let x = NAMES + CELL * n + CELL / 2;
        let _ = writeln!(
            svg,
            "<text x=\"{x}\" y=\"{y}\" transform=\"rotate(-60 {x} {y})\">{name}</text>",
            y = NAMES + 24
        );
    }
    for (row, (name, counts)) in names.iter().zip(&evaluation.confusion).enumerate() {
        let y = NAMES + 30 + CELL * row;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{name}</text>",
            NAMES - 8,
            y + CELL / 2 + 4
        );
        let total: u64 = counts.iter().sum();
        for (column, &n) in counts.iter().enumerate() {
            let part = n as f64 / total.max(1) as f64;
            let x = NAMES + CELL * column;
            let shade = 255 - (part.sqrt() * 190.0) as u8;
            let fill = if row == column {
                format!("rgb({shade},255,{shade})")
            } else {
                format!("rgb(255,{shade},{shade})")
            };
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{CELL}\" height=\"{CELL}\" fill=\"{fill}\" \
                 stroke=\"#ddd\"/>"
            );
            if n > 0 {
                let _ = writeln!(
                    svg,
                    "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\">{:.1}</text>",
                    x + CELL / 2,
                    y + CELL / 2 + 4,
                    100.0 * part
                );
            }
        }
    }
    svg + "</svg>\n"
}

/// Side of the calibration curve.
const CURVE: f64 = 360.0;

/// The calibration curve as a picture: right as often as it is sure is the diagonal.
pub(super) fn calibration(evaluation: &ClassEvaluation) -> String {
    let (left, top) = (60.0, 50.0);
    let mut svg = begin(CURVE as usize + 110, CURVE as usize + 110);
    let heading = title(evaluation, "Calibration");
    let _ = writeln!(
        svg,
        "<text x=\"10\" y=\"20\" font-size=\"15\">{heading}</text>"
    );
    let place = |x: f64, y: f64| (left + x * CURVE, top + (1.0 - y) * CURVE);
    let line = |from: (f64, f64), to: (f64, f64), style: &str| {
        let (a, b) = (place(from.0, from.1), place(to.0, to.1));
        format!(
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" {style}/>\n",
            a.0, a.1, b.0, b.1
        )
    };
    let _ = writeln!(
        svg,
        "<rect x=\"{left}\" y=\"{top}\" width=\"{CURVE}\" height=\"{CURVE}\" fill=\"none\" \
         stroke=\"#888\"/>"
    );
    svg += &line((0.0, 0.0), (1.0, 1.0), "stroke=\"#bbb\"");
    svg += &line(
        (0.0, REFERENCE),
        (1.0, REFERENCE),
        "stroke=\"#36c\" stroke-dasharray=\"4\"",
    );
    let bins = evaluation.calibration.iter().filter(|bin| bin.pixels > 0);
    let points: Vec<(f64, f64)> = bins.map(|bin| (bin.confidence(), bin.accuracy())).collect();
    for pair in points.windows(2) {
        svg += &line(pair[0], pair[1], "stroke=\"#c30\" stroke-width=\"2\"");
    }
    for &(x, y) in &points {
        let (x, y) = place(x, y);
        let _ = writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#c30\"/>"
        );
    }
    for n in 0..=5 {
        let value = f64::from(n) / 5.0;
        let ((x, _), (_, y)) = (place(value, 0.0), place(0.0, value));
        let _ = writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value:.1}</text>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.1}</text>",
            top + CURVE + 18.0,
            left - 6.0,
            y + 4.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">probabilité annoncée</text>\n\
         <text x=\"16\" y=\"{}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {y})\">part de \
         pixels justes</text>",
        left + CURVE / 2.0,
        top + CURVE + 40.0,
        top + CURVE / 2.0,
        y = top + CURVE / 2.0
    );
    svg + "</svg>\n"
}
