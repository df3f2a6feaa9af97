//! `millesime query`.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use millesime::align::PUBLISHED;
use millesime::error::{Error, Result};
use millesime::grid::format_m2;
use millesime::query::{
    self, Filter, Format, Kind, Order, Pattern, Question, Region, Total, Transition, Zone,
};

use super::Outcome;

#[derive(Clone, Copy, ValueEnum)]
enum KindFlag {
    /// Status from not artificialised to artificialised.
    Artificialisation,
    /// Status from artificialised to not artificialised.
    Desartificialisation,
    /// From permeable to impermeable.
    Impermeabilisation,
    /// From impermeable to permeable.
    Desimpermeabilisation,
    /// Every change of code, status or coverage.
    All,
    /// What is artificialised at the later date, changed or not.
    Stock,
    /// What is artificialised at the earlier date, changed or not.
    StockBefore,
    /// What is impermeable at the later date, changed or not.
    Impermeable,
    /// What is impermeable at the earlier date, changed or not.
    ImpermeableBefore,
    /// Every face, changed or not.
    Any,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatFlag {
    Geojson,
    Csv,
    Table,
    Gpkg,
    Fgb,
    Parquet,
}

#[derive(Clone, Copy, ValueEnum)]
enum ZoneFlag {
    /// In it at the first date.
    Inside,
    /// In it at the later date alone.
    Extension,
    /// In it at neither.
    Outside,
}

/// The polygons behind a figure. Every condition that is given must hold; one that is given several
/// times holds when one of its values does.
#[derive(Args)]
pub struct Flags {
    /// Outputs of a run: a folder, or its address (https://…, s3://…).
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// INSEE code or name of a commune.
    #[arg(long)]
    commune: Vec<String>,
    /// Code or name of an intercommunality, where the run has a level `epci`.
    #[arg(long)]
    epci: Vec<String>,
    /// A territory of any level, such as scot:Sybarval.
    #[arg(long, value_name = "LEVEL:TERRITORY")]
    territory: Vec<String>,
    /// Code of a département.
    #[arg(long)]
    departement: Vec<String>,
    /// west,south,east,north: in degrees, or in the CRS of the run.
    #[arg(long, allow_hyphen_values = true, conflicts_with_all = ["point", "polygon"])]
    bbox: Option<String>,
    /// longitude,latitude: in degrees, or in the CRS of the run.
    #[arg(long, allow_hyphen_values = true, conflicts_with = "polygon")]
    point: Vec<String>,
    /// A file of polygons: faces that meet them, whole.
    #[arg(long, value_name = "FILE")]
    polygon: Option<PathBuf>,
    /// Series: published, revised or aligned, where the run made it.
    #[arg(long, default_value = PUBLISHED)]
    series: String,
    /// Period, such as 2015-2018; all when not given.
    #[arg(long)]
    period: Option<String>,
    /// Which faces, by what became of them.
    #[arg(long, value_enum, default_value = "all")]
    kind: KindFlag,
    /// What was and what became, such as "CS2.2.1>CS1.1.*", "US1.1>US5" or "CS2.1.3 US1.1>*".
    #[arg(long, value_name = "BEFORE>AFTER")]
    transition: Vec<Transition>,
    /// Cover at either date, such as CS1.1.*.
    #[arg(long, value_name = "CODE")]
    cover: Vec<Pattern>,
    /// Use at either date, such as US5.
    #[arg(long, value_name = "CODE")]
    usage: Vec<Pattern>,
    /// Cause: change, threshold, nomenclature, coverage, unchanged.
    #[arg(long)]
    cause: Vec<String>,
    /// Source of the object, at either date, as the vintage has it.
    #[arg(long)]
    source: Vec<String>,
    /// Place relative to the zone construite.
    #[arg(long, value_enum)]
    zone: Option<ZoneFlag>,
    /// Least area of a face, in square metres.
    #[arg(long, value_name = "M2")]
    min_m2: Option<f64>,
    /// Largest area of a face, in square metres.
    #[arg(long, value_name = "M2")]
    max_m2: Option<f64>,
    /// Column to sort by; `-area_m2` puts the largest first. A table is so sorted unless told otherwise.
    #[arg(long, allow_hyphen_values = true, value_name = "COLUMN")]
    sort: Option<String>,
    /// No more faces than this.
    #[arg(long)]
    limit: Option<usize>,
    /// Only how many faces there are.
    #[arg(long, conflicts_with = "sum")]
    count: bool,
    /// Only their area, in square metres.
    #[arg(long)]
    sum: bool,
    /// GeoJSON is in WGS 84, files of layers in the CRS of the run; by the name of --to, else a table.
    #[arg(long, value_enum)]
    format: Option<FormatFlag>,
    /// File to write.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["count", "sum"])]
    to: Option<PathBuf>,
}

pub fn main(flags: Flags) -> Result<Outcome> {
    let is_remote = millesime::remote::is_address(&flags.out.to_string_lossy());
    if is_remote || flags.polygon.is_some() || flags.to.is_some() {
        super::quieten_gdal();
    }
    if let Some(path) = &flags.to {
        super::require_apart(path, &flags.out)?;
    }
    require_sense(&flags)?;
    let format = format(flags.format, flags.to.as_deref())?;
    let (is_count, is_sum, to) = (flags.count, flags.sum, flags.to.clone());
    let question = question(flags, format)?;
    let total = if is_count || is_sum {
        let total = query::total(&question)?;
        let text = match is_count {
            true => total.faces.to_string(),
            false => format_m2(total.area),
        };
        super::printed(writeln!(std::io::stdout(), "{text}"))?;
        total
    } else if let Some(path) = &to {
        let total = query::save(&question, format, path)?;
        eprintln!("{}: {}", path.display(), told(total));
        total
    } else {
        let mut out = BufWriter::new(std::io::stdout().lock());
        let total = query::write(&question, format, &mut out)?;
        super::printed(out.flush())?;
        total
    };
    if is_sum && total.periods > 1 {
        eprintln!(
            "the sum of {} periods; --period gives that of one",
            total.periods
        );
    }
    if total.faces == 0 && !total.is_compared {
        eprintln!(
            "one vintage covers this ground, so that nothing changed; --kind stock and --kind any ask for \
             what it is"
        );
    } else if total.faces == 0 {
        eprintln!("no face answers all of these conditions");
    }
    Ok(Outcome::Done)
}

/// Refuses conditions that nothing can meet.
fn require_sense(flags: &Flags) -> Result<()> {
    let areas = [flags.min_m2, flags.max_m2];
    let is_odd = |m2: &Option<f64>| m2.is_some_and(|m2| !m2.is_finite() || m2 < 0.0);
    let is_empty = matches!(areas, [Some(least), Some(most)] if least > most);
    if is_empty || areas.iter().any(is_odd) {
        return Err(Error::input(
            "--min-m2, --max-m2",
            "no face is as large",
            "give areas in square metres, the least first",
        ));
    }
    let wrong = |patterns: &[Pattern], axis: &str| {
        patterns
            .iter()
            .any(|pattern| pattern.is_of_other_axis(axis))
    };
    if wrong(&flags.cover, "CS") || wrong(&flags.usage, "US") {
        return Err(Error::input(
            "--cover, --usage",
            "codes of cover begin with CS, codes of use with US",
            "give each to its own flag",
        ));
    }
    Ok(())
}

fn told(total: Total) -> String {
    format!("{} faces, {} m²", total.faces, format_m2(total.area))
}

/// The format, by the flag, else by the name of the file.
fn format(flag: Option<FormatFlag>, to: Option<&Path>) -> Result<Format> {
    let of = |flag| match flag {
        FormatFlag::Geojson => Format::GeoJson,
        FormatFlag::Csv => Format::Csv,
        FormatFlag::Table => Format::Table,
        FormatFlag::Gpkg => Format::GeoPackage,
        FormatFlag::Fgb => Format::FlatGeobuf,
        FormatFlag::Parquet => Format::Parquet,
    };
    let Some(path) = to else {
        return Ok(flag.map_or(Format::Table, of));
    };
    if let Some(flag) = flag {
        return Ok(of(flag));
    }
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("geojson" | "json") => Ok(Format::GeoJson),
        Some("csv") => Ok(Format::Csv),
        Some("txt") => Ok(Format::Table),
        Some("gpkg") => Ok(Format::GeoPackage),
        Some("fgb") => Ok(Format::FlatGeobuf),
        Some("parquet" | "geoparquet") => Ok(Format::Parquet),
        _ => Err(Error::input(
            path.display(),
            "its name does not tell its format",
            "end it in .geojson, .csv, .txt, .gpkg, .fgb or .parquet, or give --format",
        )),
    }
}

fn question(flags: Flags, format: Format) -> Result<Question> {
    let out = flags.out;
    let mut communes: Option<BTreeSet<String>> = None;
    let mut add = |more: BTreeSet<String>| communes.get_or_insert_default().extend(more);
    for commune in &flags.commune {
        add(query::commune(&out, commune)?);
    }
    for epci in &flags.epci {
        add(query::communes_of(&out, "epci", epci)?);
    }
    for territory in &flags.territory {
        let (level, territory) = territory.split_once(':').ok_or_else(|| {
            Error::input(
                "--territory",
                format!("`{territory}` names no level"),
                "write a level and a territory, such as scot:Sybarval",
            )
        })?;
        add(query::communes_of(&out, level, territory)?);
    }
    let region = match (&flags.bbox, &flags.polygon) {
        (Some(bbox), _) => Some(Region::rectangle(bbox)?),
        (_, Some(path)) => Some(Region::file(path)?),
        _ if !flags.point.is_empty() => Some(Region::points(&flags.point)?),
        _ => None,
    };
    let by_area = || Order {
        column: "area_m2".to_owned(),
        is_descending: true,
    };
    let order = match flags.sort {
        Some(column) => Some(match column.strip_prefix('-') {
            Some(column) => Order {
                column: column.to_owned(),
                is_descending: true,
            },
            None => Order {
                column,
                is_descending: false,
            },
        }),
        None if format == Format::Table && !flags.count && !flags.sum => Some(by_area()),
        None => None,
    };
    let departements: BTreeSet<String> = flags.departement.into_iter().collect();
    let filter = Filter {
        series: flags.series,
        period: flags.period,
        kind: match flags.kind {
            KindFlag::Artificialisation => Kind::Artificialisation,
            KindFlag::Desartificialisation => Kind::Desartificialisation,
            KindFlag::Impermeabilisation => Kind::Impermeabilisation,
            KindFlag::Desimpermeabilisation => Kind::Desimpermeabilisation,
            KindFlag::All => Kind::All,
            KindFlag::Stock => Kind::Stock,
            KindFlag::StockBefore => Kind::StockBefore,
            KindFlag::Impermeable => Kind::Impermeable,
            KindFlag::ImpermeableBefore => Kind::ImpermeableBefore,
            KindFlag::Any => Kind::Any,
        },
        communes,
        departements: (!departements.is_empty()).then_some(departements),
        region,
        transitions: flags.transition,
        cover: flags.cover,
        usage: flags.usage,
        causes: flags.cause,
        sources: flags.source,
        zone: flags.zone.map(|zone| match zone {
            ZoneFlag::Inside => Zone::Inside,
            ZoneFlag::Extension => Zone::Extension,
            ZoneFlag::Outside => Zone::Outside,
        }),
        least_m2: flags.min_m2,
        most_m2: flags.max_m2,
    };
    Ok(Question {
        out,
        filter,
        order,
        limit: flags.limit,
    })
}
