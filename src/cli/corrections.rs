//! `millesime corrections` and `millesime review`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use millesime::corrections::{check, write_template};
use millesime::crs::Crs;
use millesime::error::Result;
use millesime::reference::Reference;
use millesime::review::review;
use millesime::territory;

use super::Outcome;

#[derive(Args)]
pub struct Flags {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Can a file of corrections, or a patch, be read? Says what it holds, or what is wrong.
    Check {
        /// The file.
        file: PathBuf,
        /// Its layer, when it has several.
        #[arg(long)]
        layer: Option<String>,
        /// Year of the vintage, where the rows do not say.
        #[arg(long)]
        vintage: Option<u16>,
        /// CRS, when the file does not say.
        #[arg(long)]
        crs: Option<String>,
        /// Encoding of its text.
        #[arg(long)]
        encoding: Option<String>,
    },
    /// Writes an empty corrections file (GeoPackage), and its form for QGIS beside it.
    Template {
        /// The file; it must not be there yet.
        file: PathBuf,
        /// Its CRS.
        #[arg(long, default_value = "EPSG:2154")]
        crs: String,
    },
}

#[derive(Args)]
pub struct ReviewFlags {
    /// The corrections file to write (GeoPackage); it must not be there yet.
    file: PathBuf,
    /// Folder of the outputs of a run with alignment.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// How many faces to write.
    #[arg(long, default_value_t = 200)]
    count: usize,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let mut out = std::io::stdout().lock();
    match flags.command {
        Command::Check {
            file,
            layer,
            vintage,
            crs,
            encoding,
        } => {
            let file = territory::Corrections {
                path: file,
                layer,
                vintage,
                crs,
                encoding,
            };
            let corrections = check(&file, &Reference::load(None)?)?;
            for report in &corrections.reports {
                let kind = if report.is_patch {
                    "a patch"
                } else {
                    "corrections"
                };
                let statuses: Vec<String> = report
                    .statuses
                    .iter()
                    .map(|(status, count)| format!("{count} {status}"))
                    .collect();
                super::printed(writeln!(
                    out,
                    "{}: {kind}, {} rows ({}); {} correct nothing; {} are not signed (contributor, \
                     date, reason)",
                    report.source,
                    report.rows,
                    statuses.join(", "),
                    report.empty,
                    report.unsigned,
                ))?;
            }
        }
        Command::Template { file, crs } => {
            let crs = Crs::parse(&crs, "--crs")?;
            write_template(&file, &crs, &[])?;
            super::printed(writeln!(
                out,
                "{} and its form {}",
                file.display(),
                file.with_extension("qml").display()
            ))?;
        }
    }
    Ok(Outcome::Done)
}

pub fn review_main(flags: ReviewFlags) -> Result<Outcome> {
    let reference = Reference::load(None)?;
    let summary = review(&flags.out, &flags.file, flags.count, &reference)?;
    super::printed(writeln!(
        std::io::stdout().lock(),
        "{} of the {} faces that alignment judged, those most worth a look first; in {}",
        summary.written,
        summary.judged,
        flags.file.display()
    ))?;
    Ok(Outcome::Done)
}
