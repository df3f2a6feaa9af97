//! `millesime run`.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use millesime::align::{OnGround, PUBLISHED};
use millesime::enaf::Report;
use millesime::error::{Error, Result};
use millesime::grid::HALF_CM2_PER_M2;
use millesime::ledger::{Ledger, Row, State, Stock};
use millesime::run::{Summary, run_with};
use millesime::territory::EXAMPLE;

use super::Outcome;
use super::progress::Bar;

#[derive(Args)]
pub struct Flags {
    /// The territory file.
    #[arg(required_unless_present = "example")]
    territory: Option<PathBuf>,
    /// Folder of the outputs; made, or replaced if it is that of an earlier run.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// Number of threads; all cores when not given. The outputs do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=512))]
    threads: Option<u16>,
    /// Folder of indicators of your own (.sql), computed beside ours.
    #[arg(long)]
    indicators: Option<PathBuf>,
    /// Print a commented territory file, and do nothing else.
    #[arg(long)]
    example: bool,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let Some(territory) = flags.territory.filter(|_| !flags.example) else {
        super::printed(std::io::stdout().write_all(EXAMPLE.as_bytes()))?;
        return Ok(Outcome::Done);
    };
    if let Some(threads) = flags.threads {
        set_threads(threads)?;
    }
    let start = Instant::now();
    let summary = run_with(
        &territory,
        &flags.out,
        flags.indicators.as_deref(),
        &Bar::new(),
    )?;
    super::printed(print_summary(&summary, start.elapsed().as_secs_f64()))?;
    Ok(Outcome::Done)
}

/// Our threads and those of Polars, which reads its number once, from the environment.
pub(super) fn set_threads(threads: u16) -> Result<()> {
    // SAFETY: this is the main thread, before any other is started.
    unsafe { std::env::set_var("POLARS_MAX_THREADS", threads.to_string()) };
    rayon::ThreadPoolBuilder::new()
        .num_threads(usize::from(threads))
        .build_global()
        .map_err(|e| Error::Internal(format!("threads: {e}")))
}

/// What a person wants to know in ten seconds.
fn print_summary(summary: &Summary, seconds: f64) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    if let Some(ground) = &summary.ground {
        let communes = ground.communes.len();
        let faces = ground.report.faces;
        writeln!(
            out,
            "{} in one partition of {faces} faces",
            count(communes, "commune")
        )?;
    }
    for stock in &summary.stocks {
        print_stock(&mut out, stock)?;
    }
    for ledger in &summary.ledgers {
        print_flux(&mut out, ledger)?;
    }
    for told in summary
        .ground
        .iter()
        .flat_map(|ground| &ground.evidence.report)
    {
        let part = |what: &str, area: &Option<String>| match area {
            Some(area) => format!(" {what} of {area} m²"),
            None => String::new(),
        };
        writeln!(
            out,
            "{}-{}: evidence of changes:{}{}, of {} m² that both describe",
            told.year_before,
            told.year_after,
            part("seen", &told.seen_m2),
            part("decided", &told.decided_m2),
            told.ground_m2,
        )?;
    }
    if let Some(revision) = &summary.revision {
        writeln!(
            out,
            "corrections: {} m² amended, {} m² already so; {} meet nothing, {} are of other \
             vintages, {} conflict (manifest.json lists them)",
            revision.amended_m2,
            revision.already_m2,
            revision.unmatched.len(),
            revision.other_vintages,
            revision.conflicts.len(),
        )?;
    }
    if let Some(enaf) = &summary.enaf {
        print_enaf(&mut out, enaf)?;
    }
    for vintage in summary.ground.iter().flat_map(|ground| &ground.vintages) {
        for repair in repairs(vintage) {
            writeln!(out, "{}: {repair}", vintage.year)?;
        }
    }
    let [theirs, ours] = [true, false].map(|is_theirs| -> String {
        let own = summary.own_status.iter().filter(|v| v.1 == is_theirs);
        own.map(|v| v.0.to_string()).collect::<Vec<_>>().join(", ")
    });
    if !theirs.is_empty() && !ours.is_empty() {
        writeln!(
            out,
            "note: the status of {theirs} is the producer's own, that of {ours} is computed here, so that they \
             differ by method too; `[decree] status = \"computed\"` compares like with like"
        )?;
    }
    let memory =
        millesime::memory::peak().map_or(String::new(), |mib| format!(", {mib} MiB at most"));
    writeln!(
        out,
        "{seconds:.1} s{memory}; results in {}",
        summary.out.display()
    )
}

/// What is said of a figure that is not of the series as delivered.
fn series(name: &str) -> String {
    match name {
        PUBLISHED => String::new(),
        amended => format!(", {amended}"),
    }
}

fn print_stock(out: &mut impl Write, stock: &Stock) -> std::io::Result<()> {
    let sum = |keep: &dyn Fn(&State) -> bool| -> i64 {
        let kept = stock.rows.iter().filter(|(_, state, _)| keep(state));
        kept.map(|(_, _, area)| area).sum()
    };
    let covered = hectares(sum(&|s| s.codes.is_some()));
    let place = format!(
        "{}, département {}{}",
        stock.year,
        stock.departement,
        series(stock.series)
    );
    if !stock.is_state {
        return writeln!(out, "{place}: {covered} ha that change");
    }
    writeln!(
        out,
        "{place}: {covered} ha covered, {} ha artificialised, {} ha impermeable, {} ha of unknown status",
        hectares(sum(&|s| s.last == Some(true))),
        hectares(sum(&|s| s.impermeable == Some(true))),
        hectares(sum(&|s| s.codes.is_some() && s.last.is_none())),
    )
}

fn print_flux(out: &mut impl Write, ledger: &Ledger) -> std::io::Result<()> {
    let sum = |before: Option<bool>, after: Option<bool>| -> i64 {
        let is_kept = |r: &&Row| (r.key.before.last, r.key.after.last) == (before, after);
        ledger.rows.iter().filter(is_kept).map(|r| r.area).sum()
    };
    let (gained, lost) = (sum(Some(false), Some(true)), sum(Some(true), Some(false)));
    let revealed = sum(None, Some(true)) - sum(Some(true), None);
    let (before, after) = ledger.years;
    write!(
        out,
        "{before}-{after}, département {}{}: {} ha artificialised, {} ha désartificialised, net {} ha",
        ledger.departement,
        series(ledger.series),
        hectares(gained),
        hectares(lost),
        hectares(gained - lost),
    )?;
    match revealed {
        0 => writeln!(out),
        _ => writeln!(out, ", and {} ha that came into view", hectares(revealed)),
    }
}

fn print_enaf(out: &mut impl Write, enaf: &Report) -> std::io::Result<()> {
    writeln!(
        out,
        "ENAF {}: {} m² consumed (land files, not OCS GE)",
        enaf.vintage, enaf.total_m2
    )?;
    if !enaf.missing.is_empty() {
        writeln!(
            out,
            "ENAF: the table lacks {} of the territory (manifest.json lists them)",
            count(enaf.missing.len(), "commune")
        )?;
    }
    if let Some((commune, year, difference)) = enaf.unequal.first() {
        writeln!(
            out,
            "ENAF: {} where the total is not the sum of its destinations, such as {commune} in {year}: \
             {difference} m²; the destinations count",
            count(enaf.unequal.len(), "row")
        )?;
    }
    Ok(())
}

/// What was amiss in a vintage, and mended or set aside.
fn repairs(vintage: &OnGround) -> Vec<String> {
    let (read, laid) = (&vintage.report, &vintage.laid);
    let areas = [
        (
            &laid.overlaps_m2,
            "m² claimed by several objects went to the smallest",
        ),
        (&laid.gaps_m2, "m² enclosed but not covered stay so"),
        (&laid.outside_communes_m2, "m² lie outside the communes"),
        (
            &laid.other_departements_m2,
            "m² lie in other départements: in no account",
        ),
    ];
    let counts = [
        (read.null_codes, "rows without a code, kept as INCONNU"),
        (read.repairs.null_geometries, "rows without geometry"),
        (
            read.repairs.not_polygons,
            "geometries that are not polygons",
        ),
        (
            laid.redrawn_parts,
            "parts whose rings cross: they cover what an odd number of rings enclose",
        ),
        (laid.collapsed_parts, "parts too thin for the grid"),
        (
            read.other_millesime,
            "rows that say they are of another millésime",
        ),
    ];
    let areas = areas
        .into_iter()
        .filter(|(area, _)| area.bytes().any(|b| (b'1'..=b'9').contains(&b)));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    areas
        .map(|(area, what)| format!("{area} {what}"))
        .chain(counts.map(|(count, what)| format!("{count} {what}")))
        .collect()
}

fn hectares(half_cm2: i64) -> String {
    let text = format!("{:.2}", half_cm2 as f64 / HALF_CM2_PER_M2 as f64 / 10_000.0);
    match text.as_str() {
        "-0.00" => "0.00".to_owned(),
        _ => text,
    }
}

fn count(number: usize, of: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {of}{ending}")
}
