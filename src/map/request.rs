//! A map for a document, from what a run wrote.

use std::collections::BTreeSet;
use std::path::Path;

use super::backdrop::backdrop;
use super::picture::{Panel, Sheet, Subject, View, fitted, ground, sheet};
use super::png::png;
use super::scene::Scene;
use crate::error::{Error, Result, suggest};
use crate::french;
use crate::query::{self, Region, Store};
use crate::reference::Reference;

/// The ground of a map.
#[derive(Clone, Debug)]
pub enum Ground {
    /// All of the run.
    All,
    /// Communes, by code or name.
    Communes(Vec<String>),
    /// A territory, as `LEVEL:TERRITORY`.
    Territory(String),
    /// West, south, east and north.
    Rectangle(String),
}

/// What a map shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Cover and use of one date, side by side.
    CoverAndUse,
    /// Cover before and after.
    Cover,
    /// Use before and after.
    Use,
    /// What became of the status.
    Changes,
    /// Cover before, cover after, changes.
    Pair,
    /// Photograph, photograph and prediction, photograph and OCS GE, OCS GE.
    Global,
}

/// What is asked for.
pub struct Request<'a> {
    /// The outputs of a run.
    pub out: &'a Path,
    /// Where.
    pub ground: Ground,
    /// What.
    pub what: What,
    /// The period; the last, when there is none.
    pub period: Option<&'a str>,
    /// The later date of the period, where one is shown.
    pub is_after: bool,
    /// The series.
    pub series: &'a str,
    /// A photograph to lie below.
    pub ortho: Option<&'a Path>,
    /// A raster of classes, for the global view.
    pub prediction: Option<&'a Path>,
    /// How much of the photograph is hidden.
    pub opacity: f64,
    /// The title.
    pub title: Option<&'a str>,
    /// Pixels across.
    pub width: u32,
}

/// Pixels across that a map may have.
const WIDTHS: std::ops::RangeInclusive<u32> = 400..=8000;

/// Draws a map into a file, SVG or PNG by its name.
pub fn write(request: &Request, path: &Path, reference: &Reference) -> Result<()> {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let is_png = match ending.as_deref() {
        Some("png") => true,
        Some("svg") => false,
        _ => {
            return Err(Error::input(
                path.display(),
                "its name does not tell its format",
                "end it in .svg, .png or .pmtiles",
            ));
        }
    };
    if !WIDTHS.contains(&request.width) || !(0.0..=1.0).contains(&request.opacity) {
        return Err(Error::input(
            "--width, --opacity",
            format!("{} pixels, {}", request.width, request.opacity),
            format!("give {WIDTHS:?} pixels, and an opacity from 0 to 1"),
        ));
    }
    let svg = draw(request, reference)?;
    let bytes = match is_png {
        true => png(&svg, 1.0)?,
        false => svg.into_bytes(),
    };
    std::fs::write(path, bytes).map_err(|e| Error::unwritable(path, e))
}

/// Draws a map as SVG.
pub fn draw(request: &Request, reference: &Reference) -> Result<String> {
    query::require_listed(request.out, "series", request.series)?;
    let period = period(request)?;
    let (before, after) = period.split_once('-').unwrap_or((&period, &period));
    let mut communes: Option<BTreeSet<String>> = None;
    let mut bounds = None;
    let mut name = String::new();
    match &request.ground {
        Ground::All => {}
        Ground::Communes(asked) => {
            for commune in asked {
                let own = query::commune(request.out, commune)?;
                communes.get_or_insert_default().extend(own);
            }
            name = asked.join(", ");
        }
        Ground::Territory(asked) => {
            let (level, territory) = asked.split_once(':').ok_or_else(|| {
                Error::input(
                    "--territory",
                    format!("`{asked}` names no level"),
                    "write a level and a territory, such as epci:200044048",
                )
            })?;
            communes = Some(query::communes_of(request.out, level, territory)?);
            territory.clone_into(&mut name);
        }
        Ground::Rectangle(asked) => {
            let projjson = query::projjson(&Store::new(request.out))?;
            bounds = Region::rectangle(asked)?.projected(&projjson)?.bounds();
            // Faces of all the ground that is shown, which is the rectangle made to fit the frame.
            let count = match request.what {
                What::Changes => 1,
                What::Pair => 3,
                What::Global => 4,
                _ => 2,
            };
            bounds = bounds.map(|bounds| fitted(bounds, request.width, count));
        }
    }
    let is_one_date = query::is_one_date(&period);
    if is_one_date && request.what == What::Changes {
        return Err(Error::input(
            request.out.display(),
            format!("has the vintage of {after} alone there: nothing changed"),
            "ask for --what cover-and-use",
        ));
    }
    let scene = Scene::read(
        request.out,
        &period,
        request.series,
        communes.as_ref(),
        bounds,
    )?;
    if scene.faces.is_empty() {
        for commune in communes.iter().flatten() {
            query::require_listed(request.out, "commune", commune)?;
        }
        return Err(Error::input(
            request.out.display(),
            "has no ground there",
            "give another extent, period or series",
        ));
    }
    let year = if request.is_after { after } else { before };
    let opacity = match request.ortho {
        Some(_) => request.opacity,
        None => 1.0,
    };
    let panel = |title: String, subject, is_after| Panel {
        title: french::text(&title),
        backdrop: Vec::new(),
        view: Some(View {
            subject,
            is_after,
            opacity,
        }),
    };
    let mut panels = match request.what {
        What::CoverAndUse => vec![
            panel(
                format!("Couverture, {year}"),
                Subject::Cover,
                request.is_after,
            ),
            panel(format!("Usage, {year}"), Subject::Usage, request.is_after),
        ],
        What::Cover => vec![
            panel(format!("Couverture, {before}"), Subject::Cover, false),
            panel(format!("Couverture, {after}"), Subject::Cover, true),
        ],
        What::Use => vec![
            panel(format!("Usage, {before}"), Subject::Usage, false),
            panel(format!("Usage, {after}"), Subject::Usage, true),
        ],
        What::Changes => vec![panel(
            format!("Changements de statut, {before}–{after}"),
            Subject::Changes,
            true,
        )],
        What::Pair => vec![
            panel(format!("Couverture, {before}"), Subject::Cover, false),
            panel(format!("Couverture, {after}"), Subject::Cover, true),
            panel(
                format!("Changements, {before}–{after}"),
                Subject::Changes,
                true,
            ),
        ],
        What::Global => global(request, &panel, year)?,
    };
    if is_one_date {
        // Before and after are the same, and nothing lies between them.
        panels.retain(|panel| {
            let view = panel.view.as_ref();
            view.is_none_or(|view| {
                let is_twice = request.what != What::CoverAndUse && request.what != What::Global;
                view.subject != Subject::Changes && (view.is_after || !is_twice)
            })
        });
    }
    let what = match request.what {
        What::CoverAndUse => format!("Couverture et usage du sol, {year}"),
        What::Cover | What::Pair if is_one_date => format!("Couverture du sol, {year}"),
        What::Use if is_one_date => format!("Usage du sol, {year}"),
        What::Cover => format!("Couverture du sol, {before} et {after}"),
        What::Use => format!("Usage du sol, {before} et {after}"),
        What::Changes | What::Pair => format!("Changements, {before}–{after}"),
        What::Global => format!("De la photographie à l’OCS GE, {year}"),
    };
    let title = request.title.map_or_else(
        || match name.as_str() {
            "" => what.clone(),
            name => format!("{name} : {what}"),
        },
        str::to_owned,
    );
    let sources = super::sources(before, after);
    let (title, what) = (french::text(&title), french::text(&what));
    let of = |panels| Sheet {
        scene: &scene,
        reference,
        panels,
        width: request.width,
        title: &title,
        description: &what,
        sources: &sources,
        mark: "m",
        heading: request.title,
        is_exact: matches!(request.ground, Ground::Rectangle(_)),
    };
    // A backdrop is cut to the ground of the maps, which their number alone decides.
    let bare = panels.clone();
    let (extent, pixels) = ground(&of(&bare));
    for (n, panel) in panels.iter_mut().enumerate() {
        let below = match (request.what, n) {
            (What::Global, 1) => request.prediction.map(|path| (request.ortho, Some(path))),
            (What::Global, 3) => None,
            _ => request.ortho.map(|path| (Some(path), None)),
        };
        let Some((ortho, prediction)) = below else {
            continue;
        };
        if let Some(path) = ortho {
            panel.backdrop.push(backdrop(path, extent, pixels)?);
        }
        if let Some(path) = prediction {
            panel.backdrop.push(backdrop(path, extent, pixels)?);
        }
    }
    Ok(sheet(&of(&panels)))
}

/// The four maps of the global view.
fn global(
    request: &Request,
    panel: &dyn Fn(String, Subject, bool) -> Panel,
    year: &str,
) -> Result<Vec<Panel>> {
    if request.ortho.is_none() || request.prediction.is_none() {
        return Err(Error::input(
            "--what global",
            "needs a photograph and a prediction",
            "give both, with --ortho and --prediction",
        ));
    }
    let bare = |title: &str| Panel {
        title: french::text(title),
        backdrop: Vec::new(),
        view: None,
    };
    let mut last = panel(format!("OCS GE, {year}"), Subject::Cover, request.is_after);
    if let Some(view) = &mut last.view {
        view.opacity = 1.0;
    }
    Ok(vec![
        bare(&format!("Photographie, {year}")),
        bare("Photographie et prédiction"),
        panel(
            "Photographie et OCS GE".to_owned(),
            Subject::Cover,
            request.is_after,
        ),
        last,
    ])
}

/// The period that is asked for, or the last.
fn period(request: &Request) -> Result<String> {
    let mut periods: Vec<String> = Store::new(request.out)
        .faces()?
        .into_iter()
        .map(|faces| faces.period)
        .collect();
    // The latest that compares two dates; of those that end together, the shortest.
    periods.sort_by_key(|text| {
        let years = text.split_once('-');
        let years = years.map(|(a, b)| (b.to_owned(), a.to_owned()));
        (!query::is_one_date(text), years)
    });
    match request.period {
        None => Ok(periods.pop().unwrap_or_default()),
        Some(asked) if periods.iter().any(|p| p == asked) => Ok(asked.to_owned()),
        Some(asked) => Err(Error::input(
            request.out.display(),
            format!("has no period {asked}"),
            suggest(asked, periods.iter().map(String::as_str)),
        )),
    }
}
