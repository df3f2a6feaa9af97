//! Reports of a territory for whoever votes on it: a page, a PDF, and the figures of both as tables.

mod charts;
mod communes;
mod comparison;
mod consumption;
mod content;
mod figures;
mod largest;
mod maps;
mod pdf;
mod precision;
mod quality;
mod sheet;
mod tables;
mod templates;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::align::{ALIGNED, PUBLISHED};
use crate::error::{Error, Result, suggest};
use crate::french;
use crate::levels::WHOLE;
use crate::progress::Progress;
use crate::query::{self, plain};
use crate::reference::Reference;
use content::{Content, Period};
use figures::Figures;
use precision::Precision;
use tables::Tables;
use templates::{DOCUMENT, Templates};

/// The level of communes.
pub const COMMUNE: &str = "commune";

/// What is asked for.
pub struct Request<'a> {
    /// The outputs of a run.
    pub out: &'a Path,
    /// The level of the territories.
    pub level: &'a str,
    /// Their codes or names; all of the level, when there is none.
    pub territories: &'a [String],
    /// The folder to write into.
    pub into: &'a Path,
    /// The series; where it is not told, the published one, or the aligned one where there is no other.
    pub series: Option<&'a str>,
    /// Whether to write the page,
    pub html: bool,
    /// the PDF,
    pub pdf: bool,
    /// and the figures, as CSV and XLSX.
    pub figures: bool,
    /// Points that were drawn from the run, and checked.
    pub sample: Option<&'a Path>,
    /// A folder of templates that take the place of ours.
    pub templates: Option<&'a Path>,
    /// A picture (SVG, PNG or JPEG) for the head of the report.
    pub logo: Option<&'a Path>,
    /// A text of the territory's own, paragraphs parted by empty lines.
    pub preface: Option<&'a Path>,
}

/// A territory.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Territory {
    level: String,
    code: String,
    name: String,
    departement: String,
    /// The département, as one says what is of it.
    of_departement: String,
    /// Communes that are known here, and those that it should have.
    communes: Option<(u64, u64)>,
}

impl Territory {
    /// The beginning of the names of its files: accents stay, what a file system refuses does not.
    fn stem(&self) -> String {
        let kept = |c: char| match c {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
            // Marks of the direction of writing disguise the end of a name.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '-',
            c if c.is_control() => '-',
            ' ' => '_',
            c => c,
        };
        // Most file systems take 255 bytes, of which a letter may be four.
        let name: String = self.name.chars().map(kept).take(LONGEST).collect();
        match self.level.as_str() {
            WHOLE => name,
            _ => format!("{}-{name}", self.code),
        }
    }
}

/// Letters of a name that are kept in the names of its files.
const LONGEST: usize = 50;

/// What was written.
pub struct Summary {
    /// Files, in the order of their territories.
    pub files: Vec<PathBuf>,
    /// Whether points were given, of which too few were checked.
    pub is_unmeasured: bool,
    /// Territories.
    pub territories: usize,
    /// Communes of former days that were asked for: their name, until when, and the commune of today whose
    /// report is theirs.
    pub moved: Vec<(String, String, String)>,
}

/// Writes the reports that are asked for.
pub fn report(
    request: &Request,
    reference: &Reference,
    progress: &dyn Progress,
) -> Result<Summary> {
    let manifest = manifest(request.out)?;
    let mut moved = Vec::new();
    let territories = chosen(request, reference, &mut moved)?;
    let series = series(request, &manifest)?;
    let templates = Templates::read(request.templates)?;
    let logo = request.logo.map(logo).transpose()?;
    let preface = request.preface.map(paragraphs).transpose()?;
    let read = |path| Precision::read(path, request.out, &series);
    let precision = request.sample.map(read).transpose()?;
    let tables = Tables::new(request.out, request.level);
    let of_communes = Tables::new(request.out, COMMUNE);
    let folder = request.out.file_name();
    let out = folder.map_or_else(|| "out".to_owned(), |n| n.to_string_lossy().into_owned());
    std::fs::create_dir_all(request.into).map_err(|e| Error::unwritable(request.into, e))?;
    progress.phase("reports", Some(territories.len() as u64));
    let work = Work {
        request,
        reference,
        manifest: &manifest,
        series,
        precision,
        templates: &templates,
        tables: &tables,
        of_communes: &of_communes,
        out: &out,
        logo,
        preface,
    };
    let written = work.all(&territories, progress)?;
    Ok(Summary {
        files: written,
        territories: territories.len(),
        moved,
        is_unmeasured: work.precision.as_ref().is_some_and(|p| !p.is_measured()),
    })
}

fn manifest(out: &Path) -> Result<Value> {
    let path = out.join(crate::publish::MANIFEST);
    let text = std::fs::read_to_string(&path).map_err(|_| {
        Error::input(
            out.display(),
            "holds no outputs of a run",
            "give the folder that `millesime run` wrote, with --out",
        )
    })?;
    let manifest: Value = serde_json::from_str(&text).map_err(|e| Error::unreadable(&path, e))?;
    if manifest["program"] != crate::publish::PROGRAM {
        return Err(Error::unreadable(&path, "it is not that of a run"));
    }
    Ok(manifest)
}

/// The series that figures are of.
fn series(request: &Request, manifest: &Value) -> Result<String> {
    let known: Vec<&str> = manifest["series"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|series| series["name"].as_str())
        .collect();
    match request.series {
        Some(asked) if known.contains(&asked) => Ok(asked.to_owned()),
        Some(asked) => Err(Error::input(
            request.out.display(),
            format!("has no series {asked}"),
            suggest(asked, known),
        )),
        None => Ok(PUBLISHED.to_owned()),
    }
}

/// The territories of a level.
fn listed(request: &Request, reference: &Reference) -> Result<Vec<Territory>> {
    let tables = Tables::new(request.out, COMMUNE);
    let mut all: BTreeMap<String, Territory> = BTreeMap::new();
    if request.level == COMMUNE {
        for name in ["stock", "enaf_by_year"] {
            let table = tables.table(name)?;
            for row in table.all().filter(|row| !row.text("commune").is_empty()) {
                let code = row.text("commune").to_owned();
                all.entry(code.clone()).or_insert_with(|| Territory {
                    level: COMMUNE.to_owned(),
                    name: named(row.text("name"), &code),
                    departement: match row.text("departement") {
                        "" => departement_of(&code),
                        departement => departement.to_owned(),
                    },
                    of_departement: String::new(),
                    communes: None,
                    code,
                });
            }
        }
    } else {
        let table = tables.table("territories")?;
        let levels: BTreeSet<&str> = table.all().map(|row| row.text("level")).collect();
        if !levels.contains(request.level) {
            let levels = levels.into_iter().chain([COMMUNE]);
            return Err(Error::input(
                request.out.display(),
                format!("has no level {}", request.level),
                suggest(request.level, levels),
            ));
        }
        for row in table.all().filter(|row| row.text("level") == request.level) {
            let code = row.text("territory").to_owned();
            let count = |column: &str| row.text(column).parse().ok();
            all.entry(code.clone()).or_insert_with(|| Territory {
                level: request.level.to_owned(),
                name: named(row.text("name"), &code),
                of_departement: match reference.departement(&code) {
                    Some(departement) => format!("du département {}", departement.of_name),
                    None => format!("du département {code}"),
                },
                departement: match request.level {
                    "departement" => code.clone(),
                    _ => String::new(),
                },
                communes: count("communes").zip(count("communes_expected")),
                code,
            });
        }
    }
    Ok(all.into_values().collect())
}

/// A name, or the code where there is none.
fn named(name: &str, code: &str) -> String {
    match name.trim() {
        "" => code.to_owned(),
        name => name.to_owned(),
    }
}

/// The département of a commune, by its code: two characters, three for 97 and 98.
fn departement_of(code: &str) -> String {
    let length = if code.starts_with("97") || code.starts_with("98") {
        3
    } else {
        2
    };
    code.chars().take(length).collect()
}

/// Those that are asked for, by code or by name.
fn chosen(
    request: &Request,
    reference: &Reference,
    moved: &mut Vec<(String, String, String)>,
) -> Result<Vec<Territory>> {
    let all = listed(request, reference)?;
    if all.is_empty() {
        return Err(Error::input(
            request.out.display(),
            format!("has no table of the level {}", request.level),
            "run the territory again: `tables/` is missing or empty",
        ));
    }
    if request.territories.is_empty() {
        return Ok(all);
    }
    let mut chosen = Vec::new();
    for asked in request.territories {
        let name = plain(asked);
        let is_it = |t: &&Territory| t.code == *asked || plain(&t.name) == name;
        let mut found: Vec<&Territory> = all.iter().filter(is_it).collect();
        if found.is_empty() && request.level != COMMUNE {
            // `Vienne Condrieu` is enough of `Communauté d'agglomération Vienne Condrieu`, where no other has it.
            found = all
                .iter()
                .filter(|t| query::is_part(&name, &t.name))
                .collect();
        }
        match found.as_slice() {
            [one] => chosen.push((*one).clone()),
            [] if request.level == COMMUNE
                && let Some(former) = query::former(request.out, asked) =>
            {
                let one = match former.today.first() {
                    Some(code) if former.today.len() == 1 => all.iter().find(|t| t.code == *code),
                    _ => None,
                };
                let Some(today) = one else {
                    return Err(former.refused(request.out));
                };
                // It has the page of the commune that it is part of today, which tells since when.
                let today = today.clone();
                moved.push((former.name, former.date, today.name.clone()));
                if !chosen.contains(&today) {
                    chosen.push(today);
                }
            }
            [] => {
                let names = all.iter().flat_map(|t| [t.code.as_str(), t.name.as_str()]);
                let advice = match crate::error::nearest(asked, names) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("the run has {} of them:", all.len()),
                };
                return Err(Error::input(
                    request.out.display(),
                    format!("has no {} {asked}", request.level),
                    format!("{advice} `tables/stock.csv` and `tables/territories.csv` list all"),
                ));
            }
            several => {
                let codes: Vec<&str> = several.iter().map(|t| t.code.as_str()).collect();
                return Err(Error::input(
                    request.out.display(),
                    format!("has several territories named {asked}"),
                    format!("give one by its code: {}", codes.join(", ")),
                ));
            }
        }
    }
    Ok(chosen)
}

/// A picture, as the address of its data; its file, for the PDF.
struct Logo {
    name: String,
    bytes: Vec<u8>,
    address: String,
}

/// Bytes of a picture that a page may hold.
const HEAVIEST: u64 = 4 << 20;

fn logo(path: &Path) -> Result<Logo> {
    let refused = |what: &str| {
        let advice = "give an SVG, a PNG or a JPEG of at most 4 MiB";
        Error::input(path.display(), what, advice)
    };
    let metadata = path.metadata().map_err(|e| Error::unreadable(path, e))?;
    if !metadata.is_file() || metadata.len() > HEAVIEST {
        return Err(refused("is not a picture of a size that a page can hold"));
    }
    let bytes = std::fs::read(path).map_err(|e| Error::unreadable(path, e))?;
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let (kind, ending, is_whole) = match ending.as_deref() {
        Some("svg") => ("image/svg+xml", "svg", crate::map::is_svg(&bytes)),
        Some("png") => ("image/png", "png", crate::map::is_png(&bytes)),
        Some("jpg" | "jpeg") => ("image/jpeg", "jpg", bytes.starts_with(&[0xff, 0xd8, 0xff])),
        _ => return Err(refused("is not a picture that a page can hold")),
    };
    if !is_whole {
        return Err(refused("is not the picture that its name says"));
    }
    Ok(Logo {
        name: format!("logo.{ending}"),
        address: maps::address(kind, &bytes),
        bytes,
    })
}

fn paragraphs(path: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::unreadable(path, e))?;
    let text = text.replace("\r\n", "\n");
    let all = text.split("\n\n").map(str::trim).filter(|p| !p.is_empty());
    Ok(all.map(french::text).collect())
}

/// What is the same for every report of a request.
struct Work<'a> {
    request: &'a Request<'a>,
    reference: &'a Reference,
    manifest: &'a Value,
    series: String,
    precision: Option<Precision>,
    templates: &'a Templates,
    tables: &'a Tables,
    /// The tables of communes.
    of_communes: &'a Tables,
    out: &'a str,
    logo: Option<Logo>,
    preface: Option<Vec<String>>,
}

/// Typst goes deep where a document nests.
const STACK: usize = 32 << 20;

impl Work<'_> {
    /// Writes the reports of territories, on threads of their own: Typst shares its work out by rayon, and a
    /// thread of rayon that waits for it would begin another report, and another within that.
    fn all(&self, territories: &[Territory], progress: &dyn Progress) -> Result<Vec<PathBuf>> {
        let next = AtomicUsize::new(0);
        let written: Mutex<BTreeMap<usize, Result<Vec<PathBuf>>>> = Mutex::default();
        let lost = |e: &dyn std::fmt::Display| Error::Internal(format!("reports: {e}"));
        let threads = rayon::current_num_threads().min(territories.len()).max(1);
        std::thread::scope(|scope| {
            let work = || {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(territory) = territories.get(n) else {
                        return;
                    };
                    let one = self.one(territory);
                    if one.is_err() {
                        // What is begun is ended, and nothing more is begun.
                        next.store(territories.len(), Ordering::Relaxed);
                    }
                    if let Ok(mut written) = written.lock() {
                        written.insert(n, one);
                    }
                    progress.advance(1);
                }
            };
            for _ in 0..threads {
                std::thread::Builder::new()
                    .stack_size(STACK)
                    .spawn_scoped(scope, work)
                    .map_err(|e| lost(&e))?;
            }
            Ok::<_, Error>(())
        })?;
        let written = written.into_inner().map_err(|e| lost(&e))?;
        let mut files = Vec::new();
        for (_, one) in written {
            files.extend(one?);
        }
        Ok(files)
    }

    /// Writes the report of one territory.
    fn one(&self, territory: &Territory) -> Result<Vec<PathBuf>> {
        let mut content = Content {
            territory,
            series: &self.series,
            tables: self.tables,
            reference: self.reference,
            out: self.out,
            is_computed: self.manifest["status"] == "computed",
            figures: Figures::default(),
        };
        let mut report = content.write()?;
        report["precision"] = content.precision(self.precision.as_ref());
        // What no vintage covers has no map.
        let period = match content.period()? {
            None => content.one_date()?,
            period => period.filter(|_| !report["period"].is_null()),
        };
        let members = match territory.level.as_str() {
            COMMUNE => BTreeSet::from([territory.code.clone()]),
            level => query::communes_of(self.request.out, level, &territory.code)?,
        };
        let compared = period.as_ref().filter(|p| p.before != p.after);
        report["communes"] = content.communes(compared, &members, self.of_communes)?;
        let mut pictures: Vec<(String, Vec<u8>)> = Vec::new();
        if self.request.html || self.request.pdf {
            let maps = self.maps(&members, period.as_ref(), &mut content, &mut report)?;
            pictures.extend(maps);
        }
        let movements = content.movements()?;
        let figures = content.figures;
        self.describe(territory, &mut report);
        report["questions"] = json!(figures.questions);
        report["movements"] = json!(movements);
        report["sentences"] = json!(words::sentences(territory, &report));
        let mut written = Vec::new();
        let stem = territory.stem();
        let mut write = |ending: &str, bytes: &[u8]| -> Result<()> {
            let path = self.request.into.join(format!("{stem}{ending}"));
            // Aside first: a report is whole or not there.
            let aside = self.request.into.join(format!(".partial.{stem}{ending}"));
            std::fs::write(&aside, bytes)
                .and_then(|()| std::fs::rename(&aside, &path))
                .map_err(|e| Error::unwritable(&path, e))?;
            written.push(path);
            Ok(())
        };
        if self.request.html {
            write(".html", self.templates.page(&report)?.as_bytes())?;
        }
        if self.request.pdf {
            let mut files = pictures;
            if let Some(logo) = &self.logo {
                report["logo_file"] = json!(logo.name);
                files.push((logo.name.clone(), logo.bytes.clone()));
            }
            pdf_charts(&mut report, &mut files);
            let data = serde_json::to_vec(&report)
                .map_err(|e| Error::Internal(format!("a report: {e}")))?;
            files.push(("rapport.json".to_owned(), data));
            let identifier = format!("millesime {} {}", territory.level, territory.code);
            let template = &self.templates.document;
            write(".pdf", &pdf::pdf(DOCUMENT, template, &files, &identifier)?)?;
        }
        if self.request.figures {
            write("-chiffres.csv", &sheet::csv(&figures)?)?;
            write("-chiffres.xlsx", &sheet::workbook(&figures, territory)?)?;
        }
        Ok(written)
    }

    /// Draws the maps, and the largest changes.
    fn maps(
        &self,
        communes: &BTreeSet<String>,
        period: Option<&Period>,
        content: &mut Content,
        report: &mut Value,
    ) -> Result<Vec<(String, Vec<u8>)>> {
        // A run of tables alone has nothing to draw.
        let has_layers = self.manifest["faces"] != json!([]);
        let Some(period) = period.filter(|p| has_layers && !p.before.is_empty()) else {
            return Ok(Vec::new());
        };
        let drawn = maps::draw(
            self.request.out,
            &self.series,
            period,
            communes,
            content.territory,
            self.reference,
        )?;
        let Some(drawn) = drawn else {
            return Ok(Vec::new());
        };
        let largest = largest::largest(&drawn, content, period)?;
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for (name, svg) in &drawn.maps {
            report["maps"][*name] = json!(svg);
            files.push((format!("map-{name}.svg"), svg.clone().into_bytes()));
        }
        for (n, change) in largest.iter().enumerate() {
            if let Some(svg) = change["map"].as_str() {
                files.push((format!("change-{n}.svg"), svg.as_bytes().to_vec()));
            }
        }
        report["largest"] = json!(largest);
        Ok(files)
    }

    /// Who the report is of, and from what.
    fn describe(&self, territory: &Territory, report: &mut Value) {
        let departement = self.reference.departement(&territory.departement);
        report["territory"] = json!({
            "level": territory.level,
            "level_label": words::level_label(&territory.level),
            "code": territory.code,
            "name": french::text(&territory.name),
            "of_name": french::text(&french::of_name(&territory.name)),
            "of_it": words::of_it(territory),
            "departement": departement.map(|d| &d.name),
            "region": departement.map(|d| &d.region_name),
            "communes": territory.communes.map(|c| c.0),
            "is_complete": territory.communes.is_none_or(|c| c.0 >= c.1),
            "expected": territory.communes.map(|c| c.1),
        });
        report["run"] = json!({
            "name": self.manifest["territory"].as_str().unwrap_or_default(),
            "version": self.manifest["version"],
            "crs": self.manifest["crs"]["name"],
            "is_computed": self.manifest["status"] == "computed",
        });
        let label = self.manifest["series"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|s| s["name"] == self.series.as_str())
            .and_then(|s| s["label"].as_str())
            .filter(|label| !label.is_empty());
        report["series"] = json!({
            "name": self.series,
            "said": match self.series.as_str() {
                PUBLISHED => "publiée",
                ALIGNED => "recalée",
                _ => "révisée",
            },
            "note": label,
        });
        report["dated"] = json!(dated(report));
        report["vintages_used"] = self.manifest["vintages"].clone();
        report["definitions"] = self.templates.definitions.clone();
        report["logo"] = json!(self.logo.as_ref().map(|logo| &logo.address));
        report["preface"] = json!(self.preface);
    }
}

/// The last year that a report has figures of.
fn dated(report: &Value) -> u16 {
    let years = |part: &Value| -> Option<u16> {
        let all = part.as_array()?.iter();
        all.filter_map(|row| row["year"].as_str()?.parse().ok())
            .max()
    };
    let [stock, enaf] = [&report["stock"]["vintages"], &report["enaf"]["years"]].map(years);
    // A report of nothing has the day of the decree that it would have been by.
    stock.max(enaf).unwrap_or(2023)
}

/// The charts of a report as files, beside what the page holds within it.
fn pdf_charts(report: &mut Value, files: &mut Vec<(String, Vec<u8>)>) {
    for part in [
        "stock",
        "by_use",
        "by_cover",
        "transitions",
        "comparison",
        "trajectory",
    ] {
        if let Some(svg) = report[part]["chart"].as_str() {
            files.push((format!("chart-{part}.svg"), svg.as_bytes().to_vec()));
            report[part]["chart"] = json!(format!("chart-{part}.svg"));
        }
    }
    if let Some(svg) = report["comparison"]["medians"].as_str() {
        files.push(("chart-medians.svg".to_owned(), svg.as_bytes().to_vec()));
        report["comparison"]["medians"] = json!("chart-medians.svg");
    }
    if let Some(maps) = report["maps"].as_object_mut() {
        for (name, map) in maps {
            *map = json!(format!("map-{name}.svg"));
        }
    }
    for (n, change) in report["largest"]
        .as_array_mut()
        .into_iter()
        .flatten()
        .enumerate()
    {
        change["map"] = json!(format!("change-{n}.svg"));
    }
}
