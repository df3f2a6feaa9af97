//! `millesime evaluate`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use millesime::error::{Error, Result};
use millesime::evaluate::{
    self, CAVEAT, ClassEvaluation, CommuneScore, Evaluation, Method, REFERENCE, Rasters, Score,
    VintageScore,
};
use millesime::grid::HALF_CM2_PER_M2;
use millesime::reference::Reference;
use millesime::sample::{Accuracy, NOT_MEASURED, accuracy};

use super::Outcome;
use super::progress::Bar;

#[derive(Args)]
pub struct Flags {
    /// Territory file of the true vintages.
    #[arg(long, requires = "observed", required_unless_present_any = ["sample", "classes"])]
    truth: Option<PathBuf>,
    /// Territory file of the same vintages as they were observed.
    #[arg(long, requires = "truth")]
    observed: Option<PathBuf>,
    /// Points that were drawn by `millesime sample`, and checked.
    #[arg(long, conflicts_with_all = ["truth", "observed", "out"])]
    sample: Option<PathBuf>,
    /// Class raster that was predicted, to be compared with annotations pixel by pixel.
    #[arg(long, num_args = 1.., requires = "annotations", conflicts_with_all = ["truth", "observed", "sample"])]
    classes: Vec<String>,
    /// Class raster of what is there; 0 and pixels without data say nothing.
    #[arg(long, num_args = 1.., requires = "classes")]
    annotations: Vec<String>,
    /// Probabilities of the prediction, in their compact form: adds a calibration curve.
    #[arg(long, num_args = 1.., requires = "classes")]
    probabilities: Vec<String>,
    /// Nomenclature of the class rasters, when they do not say it.
    #[arg(long, requires = "classes")]
    nomenclature: Option<String>,
    /// Folder of tables that replace those of `reference/`.
    #[arg(long, conflicts_with = "sample")]
    reference: Option<PathBuf>,
    /// Folder of the scores as CSV, and pictures; none is written when not given.
    #[arg(long)]
    out: Option<PathBuf>,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    if let Some(points) = &flags.sample {
        super::printed(print_accuracy(&accuracy(points)?))?;
        return Ok(Outcome::Done);
    }
    if !flags.classes.is_empty() {
        let reference = Reference::load(flags.reference.as_deref())?;
        let rasters = Rasters {
            classes: flags.classes,
            annotations: flags.annotations,
            probabilities: flags.probabilities,
            nomenclature: flags.nomenclature,
        };
        let evaluation = evaluate::evaluate_classes(&rasters, &reference, &Bar::new())?;
        if let Some(out) = &flags.out {
            evaluate::write_classes(&evaluation, out)?;
        }
        super::printed(print_classes(&evaluation))?;
        return Ok(Outcome::Done);
    }
    let (Some(truth), Some(observed)) = (&flags.truth, &flags.observed) else {
        return Err(Error::Internal("clap asks for both".to_owned()));
    };
    let evaluation = evaluate::evaluate(truth, observed, flags.reference.as_deref(), &Bar::new())?;
    if let Some(out) = &flags.out {
        evaluate::write(&evaluation, out)?;
    }
    super::printed(print(&evaluation))?;
    Ok(Outcome::Done)
}

/// How right a class raster is.
fn print_classes(evaluation: &ClassEvaluation) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if let Some(caveat) = evaluation.caveat {
        writeln!(out, "Scores {caveat}.")?;
    }
    writeln!(
        out,
        "{:>4} {:<24} {:>12} {:>7} {:>7} {:>7} {:>7}",
        "", "", "pixels", "IoU", "precis", "recall", "F1"
    )?;
    for class in &evaluation.classes {
        writeln!(
            out,
            "{:>4} {:<24} {:>12} {:>7} {:>7} {:>7} {:>7}",
            class.code,
            class.label,
            class.there,
            share(class.iou()),
            share(class.precision()),
            share(class.recall()),
            share(class.f1()),
        )?;
    }
    writeln!(
        out,
        "{:.1} % of {} pixels are right (reference of the production process: {:.0} %); mean IoU {:.3}",
        100.0 * evaluation.accuracy(),
        evaluation.pixels(),
        100.0 * REFERENCE,
        evaluation.mean_iou()
    )?;
    match evaluation.calibration_error() {
        Some(error) => writeln!(out, "probabilities are off by {:.3} in the mean", error),
        None => Ok(()),
    }
}

/// The figures of a period as the points correct them.
fn print_accuracy(accuracy: &Accuracy) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}, {}", accuracy.period, accuracy.series)?;
    for (kind, (area, points, checked, errors)) in &accuracy.strata {
        writeln!(
            out,
            "  {:<18} {:>12.2} ha: {checked} of {points} points checked, {errors} disagree",
            kind.name(),
            area / 10_000.0
        )?;
    }
    if accuracy.figures.is_empty() {
        return writeln!(
            out,
            "{NOT_MEASURED}: at least two checked points are needed in each stratum"
        );
    }
    for figure in &accuracy.figures {
        writeln!(
            out,
            "  {:<18} mapped {:>10.2} ha, estimated {:>10.2} ± {:.2} ha (95 %)",
            figure.name,
            figure.mapped / 10_000.0,
            figure.estimate.area / 10_000.0,
            figure.estimate.half_width() / 10_000.0,
        )?;
    }
    let thin: Vec<&str> = accuracy.thin().into_iter().map(|k| k.name()).collect();
    if !thin.is_empty() {
        writeln!(
            out,
            "These intervals are not reliable: fewer than ten errors were found in {}; check more \
             points there.",
            thin.join(", ")
        )?;
    }
    Ok(())
}

fn print(evaluation: &Evaluation) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "Scores {CAVEAT}.")?;
    for shift in &evaluation.shifts {
        let error = match shift.error_m.is_finite() {
            true => format!("± {:.2} m", shift.error_m),
            false => "too few outlines to say how surely".to_owned(),
        };
        writeln!(
            out,
            "the vintages lie {:.2} m east and {:.2} m north of one another ({error}){}",
            shift.east_m,
            shift.north_m,
            if shift.is_significant {
                ": corrected"
            } else {
                ": not corrected"
            }
        )?;
        if shift.blocks_corrected > 0 {
            writeln!(
                out,
                "{} blocks of a kilometre lie otherwise, by {:.2} m (standard deviation): corrected",
                shift.blocks_corrected, shift.blocks_deviation_m
            )?;
        }
    }
    writeln!(
        out,
        "\n{:<7} {:<48} {:>12} {:>6} {:>6} {:>6}",
        "vintage", "ground", "ha", "cover", "use", "both"
    )?;
    let first = evaluation.vintages.first();
    let has_several = |v: &VintageScore| first.is_some_and(|f| f.departement != v.departement);
    let has_several = evaluation.vintages.iter().any(has_several);
    for vintage in &evaluation.vintages {
        let mut about = match vintage.is_specified {
            true => "of objects as large and wide as specified".to_owned(),
            false => "all".to_owned(),
        };
        if has_several {
            about += &format!(" ({})", vintage.departement);
        }
        writeln!(
            out,
            "{:<7} {about:<48} {:>12.2} {:>6} {:>6} {:>6}",
            vintage.year,
            hectares(vintage.area),
            share(vintage.share(vintage.cover)),
            share(vintage.share(vintage.usage)),
            share(vintage.share(vintage.both))
        )?;
    }
    writeln!(out)?;
    for step in &evaluation.steps {
        writeln!(
            out,
            "{}-{}: outlines of the two vintages lie {:.2} m apart (standard deviation)",
            step.year_before, step.year_after, step.outline_deviation_m
        )?;
    }
    writeln!(
        out,
        "\n{:<9} {:<12} {:<20} {:>6} {:>6} {:>9} {:>9} {:>9} {:>6} {:>6}",
        "period",
        "method",
        "kind",
        "recall",
        "precis",
        "true ha",
        "seen ha",
        "false ha",
        "rec.ar",
        "pre.ar"
    )?;
    for score in &evaluation.scores {
        print_score(&mut out, score)?;
    }
    print_verdicts(&mut out, evaluation)?;
    let mut periods: Vec<(u16, u16)> = evaluation.communes.iter().map(|c| c.years).collect();
    periods.dedup();
    periods.sort_unstable();
    periods.dedup();
    for years in periods {
        for method in [Method::Naive, Method::ChangeFirst] {
            let of = |c: &&CommuneScore| c.years == years && c.method == method;
            let communes: Vec<&CommuneScore> = evaluation.communes.iter().filter(of).collect();
            print_communes(&mut out, years, method, &communes)?;
        }
    }
    Ok(())
}

/// What each rule catches, and what it loses.
fn print_verdicts(out: &mut impl Write, evaluation: &Evaluation) -> std::io::Result<()> {
    let mut sums: BTreeMap<((u16, u16), &str), [i64; 2]> = BTreeMap::new();
    for score in &evaluation.verdicts {
        let sum = sums.entry((score.years, score.verdict.name())).or_default();
        sum[0] += score.true_area;
        sum[1] += score.false_area;
    }
    writeln!(
        out,
        "\n{:<9} {:<14} {:>16} {:>16}",
        "period", "verdict", "truly changed ha", "not changed ha"
    )?;
    for ((years, verdict), [changed, unchanged]) in sums {
        writeln!(
            out,
            "{:<9} {verdict:<14} {:>16.2} {:>16.2}",
            format!("{}-{}", years.0, years.1),
            hectares(changed),
            hectares(unchanged)
        )?;
    }
    Ok(())
}

fn print_score(out: &mut impl Write, s: &Score) -> std::io::Result<()> {
    writeln!(
        out,
        "{:<9} {:<12} {:<20} {:>6} {:>6} {:>9.2} {:>9.2} {:>9.2} {:>6} {:>6}",
        format!("{}-{}", s.years.0, s.years.1),
        s.method.name(),
        s.kind,
        share(s.recall_by_object()),
        share(s.precision_by_object()),
        hectares(s.true_area),
        hectares(s.seen_area),
        hectares(s.false_area()),
        share(s.recall_by_area()),
        share(s.precision_by_area()),
    )
}

/// An area in truth and as seen.
type Measure = fn(&CommuneScore) -> [i64; 2];

fn print_communes(
    out: &mut impl Write,
    years: (u16, u16),
    method: Method,
    communes: &[&CommuneScore],
) -> std::io::Result<()> {
    let sum = |of: &dyn Fn(&CommuneScore) -> i64| -> f64 {
        hectares(communes.iter().map(|c| of(c)).sum())
    };
    writeln!(
        out,
        "\n{}-{}, {}: {} communes",
        years.0,
        years.1,
        method.name(),
        communes.len()
    )?;
    let measures: [(&str, Measure); 4] = [
        ("stock after", |c| c.stock),
        ("artificialised", |c| c.gained),
        ("désartificialised", |c| c.lost),
        ("net", CommuneScore::net),
    ];
    for (name, of) in measures {
        let (truth, seen) = (sum(&|c| of(c)[0]), sum(&|c| of(c)[1]));
        let mut errors: Vec<f64> = communes
            .iter()
            .map(|c| hectares(of(c)[1] - of(c)[0]).abs())
            .collect();
        errors.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = ((errors.len() as f64 * share).ceil() as usize).max(1) - 1;
            errors.get(place).copied().unwrap_or(0.0)
        };
        writeln!(
            out,
            "  {name:<18} true {truth:>9.2} ha, seen {seen:>9.2} ha{}; by commune: bias \
             {:+.3} ha, median error {:.3} ha, 90 % within {:.3} ha",
            if truth > 0.0 {
                format!(" ({:+.1} %)", 100.0 * (seen - truth) / truth)
            } else {
                String::new()
            },
            (seen - truth) / communes.len() as f64,
            at(0.5),
            at(0.9),
        )?;
    }
    let mut relative: Vec<f64> = communes
        .iter()
        .map(|c| c.net())
        .filter(|[truth, _]| hectares(*truth) >= 1.0)
        .map(|[truth, seen]| ((seen - truth) as f64 / truth as f64).abs())
        .collect();
    relative.sort_by(f64::total_cmp);
    match relative.get(relative.len() / 2) {
        Some(median) => writeln!(
            out,
            "  net of the {} communes of at least 1 ha: median error {:.1} %",
            relative.len(),
            100.0 * median
        ),
        None => writeln!(out, "  no commune has a net of at least 1 ha"),
    }
}

fn share(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.3}")
    } else {
        "-".to_owned()
    }
}

fn hectares(half_cm2: i64) -> f64 {
    half_cm2 as f64 / HALF_CM2_PER_M2 as f64 / 10_000.0
}
