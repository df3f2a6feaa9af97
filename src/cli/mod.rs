//! The command line: flags, progress and messages, nothing else.

mod check;
mod collection;
mod compare;
mod corrections;
mod dataset;
mod evaluate;
mod explain;
mod fetch;
mod indicators;
mod map;
mod model;
mod predict;
mod produce;
mod progress;
mod project;
mod query;
mod report;
mod run;
mod sample;
mod status;
mod twin;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use millesime::error::{Error, Result};
use millesime::reference::Reference;

/// OCS GE vintages on one exact partition: each commune's account of artificialisation.
#[derive(Parser)]
#[command(name = "millesime", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fetch the published vintages of a département, and write a territory file of them.
    Fetch(fetch::Flags),
    /// What is published of a département: what is new, and what was published again.
    Status(status::Flags),
    /// Compare the vintages of a territory: ledger, tables and layers.
    Run(run::Flags),
    /// What a model sees on imagery: the probability of each class, pixel by pixel.
    Predict(predict::Flags),
    /// Make a vintage of OCS GE from classes and reference layers.
    Produce(produce::Flags),
    /// Why a produced vintage says what it says at a place.
    Explain(explain::Flags),
    /// Models of imagery: what one expects and gives.
    Model(model::Flags),
    /// Images and annotations, cut into patches to train a model on.
    Dataset(dataset::Flags),
    /// Annotations, dataset, models and maps as one STAC collection with its licence.
    Collection(collection::Flags),
    /// What moved between two runs, by how much, and what they do not have in common.
    Compare(compare::Flags),
    /// The tables that are published: which there are, what they measure, and your own.
    Indicators(indicators::Flags),
    /// The polygons behind a figure.
    Query(query::Flags),
    /// Reports of communes or of larger territories, in French: a page, a PDF, their figures.
    Report(report::Flags),
    /// Maps for documents, as SVG or PNG; tiles for web maps, as PMTiles.
    Map(map::Flags),
    /// A project of QGIS: every vintage and what changed, in the official colours.
    Project(project::Flags),
    /// Make a plausible territory whose true changes are known.
    Twin(twin::Flags),
    /// Is a vintage a valid partition with valid codes? Says what is not, and where.
    Check(check::Flags),
    /// Files of corrections: is one right, and an empty one to fill in.
    Corrections(corrections::Flags),
    /// The changes and the noise that are most worth a person's look, as draft corrections.
    Review(corrections::ReviewFlags),
    /// Points to be checked on images, to know how exact the figures are.
    Sample(sample::Flags),
    /// How well changes are told from noise, where the truth is known or was checked at points.
    Evaluate(evaluate::Flags),
}

/// How a command that did not fail ended.
pub enum Outcome {
    /// It did what it was asked.
    Done,
    /// It was asked whether something is valid, and it is not.
    NotValid,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // A question to what a run wrote is answered without GDAL, which takes longer to load than that.
    if !matches!(arguments.command, Command::Query(_)) {
        quieten_gdal();
    }
    let outcome = match arguments.command {
        Command::Run(flags) => run::main(flags),
        Command::Predict(flags) => predict::main(flags),
        Command::Produce(flags) => produce::main(flags),
        Command::Explain(flags) => explain::main(flags),
        Command::Model(flags) => model::main(flags),
        Command::Dataset(flags) => dataset::main(flags),
        Command::Collection(flags) => collection::main(flags),
        Command::Fetch(flags) => fetch::main(flags),
        Command::Status(flags) => status::main(flags),
        Command::Compare(flags) => compare::main(flags),
        Command::Indicators(flags) => indicators::main(flags),
        Command::Query(flags) => query::main(flags),
        Command::Report(flags) => report::main(flags),
        Command::Map(flags) => map::main(flags),
        Command::Project(flags) => project::main(flags),
        Command::Twin(flags) => twin::main(flags),
        Command::Check(flags) => check::main(flags),
        Command::Corrections(flags) => corrections::main(flags),
        Command::Review(flags) => corrections::review_main(flags),
        Command::Sample(flags) => sample::main(flags),
        Command::Evaluate(flags) => evaluate::main(flags),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::NotValid) => ExitCode::from(2),
        // Whoever reads the answer may stop early (`millesime query … | head`).
        Err(Error::Output(_, std::io::ErrorKind::BrokenPipe)) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// GDAL's own messages repeat ours without place or advice.
fn quieten_gdal() {
    gdal::config::set_error_handler(|_, _, _| {});
    // A cache per dataset beside our own memory; the setting cannot fail on a valid name.
    let _ = gdal::config::set_config_option("GDAL_CACHEMAX", "256");
}

/// What printing came to: whoever reads it may stop reading early (`millesime query … | head`).
fn printed(outcome: std::io::Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::input(
            "standard output",
            error,
            "check what reads it",
        )),
        _ => Ok(()),
    }
}

/// Refuses to write among the outputs of a run: nothing there is ever replaced but by a run.
/// The tables of reference that a run was made with: those that are given, else those that it names.
fn reference_of(out: &Path, given: Option<&Path>) -> Result<Reference> {
    let manifest = std::fs::read_to_string(out.join("manifest.json")).unwrap_or_default();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap_or_default();
    let named = manifest["reference_folder"].as_str().map(Path::new);
    match (given, named) {
        (Some(folder), _) => Reference::load(Some(folder)),
        (None, Some(folder)) if folder.is_dir() => Reference::load(Some(folder)),
        (None, Some(folder)) => Err(Error::input(
            out.display(),
            format!(
                "was made with the tables of {}, which is not there",
                folder.display()
            ),
            "give that folder with --reference: codes and colours may be of your own",
        )),
        (None, None) => Reference::load(None),
    }
}

fn require_apart(path: &Path, out: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    match (folder.canonicalize(), out.canonicalize()) {
        (Ok(folder), Ok(out)) if folder.starts_with(&out) => Err(Error::input(
            path.display(),
            "is among the outputs of the run",
            "name a file elsewhere",
        )),
        _ => Ok(()),
    }
}
