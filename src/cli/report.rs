//! `millesime report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use millesime::error::Result;
use millesime::levels::WHOLE;
use millesime::report::{self, COMMUNE, Request};

use super::Outcome;
use super::progress::Bar;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatFlag {
    /// A page that opens from disk, without a network.
    Html,
    /// A4, to be voted on.
    Pdf,
    /// The figures, as CSV and XLSX.
    Figures,
}

/// Reports of communes or of larger territories, in French: a page, a PDF, the figures of both.
#[derive(Args)]
pub struct Flags {
    /// Folder of the outputs of a run.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// INSEE code or name of a commune.
    #[arg(long, conflicts_with_all = ["epci", "territory", "all", "whole"])]
    commune: Vec<String>,
    /// Code or name of an intercommunality, where the run has a level `epci`.
    #[arg(long, conflicts_with_all = ["territory", "all", "whole"])]
    epci: Vec<String>,
    /// A territory of any level, such as scot:Sybarval.
    #[arg(long, value_name = "LEVEL:TERRITORY", conflicts_with_all = ["all", "whole"])]
    territory: Option<String>,
    /// Every territory of a level.
    #[arg(long, value_name = "LEVEL", num_args = 0..=1, default_missing_value = COMMUNE)]
    all: Option<String>,
    /// The whole territory of the run.
    #[arg(long, conflicts_with = "all")]
    whole: bool,
    /// Folder to write into.
    #[arg(long, default_value = "reports")]
    into: PathBuf,
    /// Series: published, revised or aligned, where the run made it.
    #[arg(long)]
    series: Option<String>,
    /// What to write; all, when not given.
    #[arg(long, value_enum, value_delimiter = ',')]
    format: Vec<FormatFlag>,
    /// Points that `millesime sample` drew from the run, and that were checked: figures get their intervals.
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// Folder of templates that take the place of ours (rapport.html, rapport.css, rapport.typ, definitions.csv).
    #[arg(long, value_name = "FOLDER")]
    templates: Option<PathBuf>,
    /// Picture for the head of the report: SVG, PNG or JPEG.
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// A text of your own at the head of the report; empty lines part its paragraphs.
    #[arg(long, value_name = "FILE")]
    preface: Option<PathBuf>,
    /// Folder of tables that take the place of those of the program, as the run was given.
    #[arg(long, value_name = "FOLDER")]
    reference: Option<PathBuf>,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let reference = super::reference_of(&flags.out, flags.reference.as_deref())?;
    let (level, territories) = if let Some(territory) = &flags.territory {
        let (level, territory) = territory.split_once(':').unwrap_or((territory, ""));
        let own = (!territory.is_empty()).then(|| territory.to_owned());
        (level.to_owned(), own.into_iter().collect())
    } else if let Some(level) = &flags.all {
        (level.clone(), Vec::new())
    } else if !flags.epci.is_empty() {
        ("epci".to_owned(), flags.epci)
    } else if !flags.commune.is_empty() {
        (COMMUNE.to_owned(), flags.commune)
    } else {
        (WHOLE.to_owned(), Vec::new())
    };
    let has = |format| flags.format.is_empty() || flags.format.contains(&format);
    let request = Request {
        out: &flags.out,
        level: &level,
        territories: &territories,
        into: &flags.into,
        series: flags.series.as_deref(),
        html: has(FormatFlag::Html),
        pdf: has(FormatFlag::Pdf),
        figures: has(FormatFlag::Figures),
        sample: flags.sample.as_deref(),
        templates: flags.templates.as_deref(),
        logo: flags.logo.as_deref(),
        preface: flags.preface.as_deref(),
    };
    let bar = Bar::new();
    let summary = report::report(&request, &reference, &bar)?;
    if summary.is_unmeasured {
        eprintln!(
            "too few of the points were checked to say anything: at least two are needed in each stratum"
        );
    }
    for (name, date, today) in &summary.moved {
        eprintln!(
            "{name}, a commune until {date}, is part of {today} today: the report is that of {today}"
        );
    }
    match summary.files.as_slice() {
        files if files.len() <= 8 => {
            let lines = files.iter().map(|file| format!("{}\n", file.display()));
            super::printed(std::io::Write::write_all(
                &mut std::io::stdout(),
                lines.collect::<String>().as_bytes(),
            ))?;
        }
        files => super::printed(std::io::Write::write_all(
            &mut std::io::stdout(),
            format!(
                "{} reports, {} files in {}\n",
                summary.territories,
                files.len(),
                flags.into.display()
            )
            .as_bytes(),
        ))?,
    }
    Ok(Outcome::Done)
}
