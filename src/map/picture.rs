//! Maps side by side, with what a map needs: title, legend, scale, north, sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::furniture::{Key, legend, legend_height, north, scale_bar};
use super::outline::{GRID, Outline, Scale};
use super::scene::{Scene, Shown};
use crate::reference::{Nomenclature, Reference};

/// What a map shows of faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Their cover, in the official colours.
    Cover,
    /// Their use, in the official colours.
    Usage,
    /// Whether they are artificialised.
    Status,
    /// What became of their status.
    Changes,
}

/// A look at faces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// What is shown.
    pub subject: Subject,
    /// At the later date.
    pub is_after: bool,
    /// How much of what lies below shows through: 1 is nothing.
    pub opacity: f64,
}

/// One map of a sheet.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Its title.
    pub title: String,
    /// Pictures of the same ground below, as the addresses of their data: the first lowest, those on it half
    /// seen through.
    pub backdrop: Vec<String>,
    /// What is drawn of the faces.
    pub view: Option<View>,
}

/// Maps of the same ground, side by side.
pub struct Sheet<'a> {
    /// The faces.
    pub scene: &'a Scene,
    /// Labels and colours.
    pub reference: &'a Reference,
    /// The maps, from left to right.
    pub panels: &'a [Panel],
    /// Pixels across.
    pub width: u32,
    /// What the picture is, for whoever does not see it.
    pub title: &'a str,
    /// What it shows, for whoever does not see it.
    pub description: &'a str,
    /// Whose data it is drawn from.
    pub sources: &'a str,
    /// A mark before names of patterns, so that pictures of one page do not share any.
    pub mark: &'a str,
    /// A heading over all maps.
    pub heading: Option<&'a str>,
    /// The ground is shown as it is, without a margin.
    pub is_exact: bool,
}

/// Pixels between maps, and around.
const GAP: f64 = 16.0;
/// Pixels of a title,
const TITLE: f64 = 26.0;
/// and of a heading.
const HEADING: f64 = 34.0;
/// Pixels of the line of sources.
const SOURCES: f64 = 24.0;
/// Pixels down a map, at most: more do not fit a screen or a page.
const TALLEST: f64 = 620.0;

/// Legends of sheets narrower than this leave out what labels have in brackets.
const NARROW: u32 = 800;

/// Text that is safe in SVG.
pub(crate) fn safe(text: &str) -> String {
    // XML has no way to write most signs of control.
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The place of maps on a sheet.
pub(super) struct Layout {
    /// Pixels across a map,
    pub(super) across: f64,
    /// and down.
    pub(super) down: f64,
    /// Metres of the ground shown: west, south, east, north.
    pub(super) ground: [f64; 4],
}

/// Pixels across each of so many maps of a sheet.
fn across(width: u32, count: usize) -> f64 {
    let count = count.max(1) as f64;
    (f64::from(width) - GAP * (count + 1.0)) / count
}

/// Ground (west, south, east, north) that a map of a sheet of so many shows in full: what is much higher
/// than wide gets ground on both sides.
pub(super) fn fitted(ground: [f64; 4], width: u32, count: usize) -> [f64; 4] {
    let [mut west, south, mut east, north] = ground;
    let least = (north - south) * across(width, count) / TALLEST;
    if east - west < least {
        let more = (least - (east - west)) / 2.0;
        west -= more;
        east += more;
    }
    [west, south, east, north]
}

impl Sheet<'_> {
    /// The ground of every map and its size.
    pub(super) fn layout(&self) -> Layout {
        let across = across(self.width, self.panels.len());
        let mut ground = self.scene.bounds.unwrap_or([0.0, 0.0, 1000.0, 1000.0]);
        if !self.is_exact {
            let [west, south, east, north] = ground;
            let margin = 0.02 * (east - west).max(north - south).max(1.0);
            let wide = [west - margin, south - margin, east + margin, north + margin];
            ground = fitted(wide, self.width, self.panels.len());
        }
        let [west, south, east, north] = ground;
        Layout {
            across,
            down: across * (north - south).max(1.0) / (east - west).max(1.0),
            ground,
        }
    }

    /// Pixels of what stands above the maps.
    fn top(&self) -> f64 {
        match self.heading {
            Some(_) => HEADING + TITLE,
            None => TITLE,
        }
    }
}

/// The ground that every map of a sheet shows, and its pixels across and down, to cut a backdrop to.
pub fn ground(sheet: &Sheet) -> ([f64; 4], [u32; 2]) {
    let layout = sheet.layout();
    let pixels = [layout.across, layout.down].map(|v| v.round().max(1.0) as u32);
    (layout.ground, pixels)
}

/// Draws a sheet as SVG.
pub fn sheet(sheet: &Sheet) -> String {
    let layout = sheet.layout();
    let keys = keys(sheet);
    let legend_width = f64::from(sheet.width) - 2.0 * GAP;
    let down = legend_height(&keys, legend_width);
    let sources = if sheet.sources.is_empty() {
        0.0
    } else {
        SOURCES
    };
    let height = sheet.top() + layout.down + 8.0 + down + sources;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height:.0}\" width=\"{}\" height=\"{height:.0}\" role=\"img\" font-family=\"{FONTS}\" font-size=\"13\"><title>{}</title><desc>{}</desc>",
        sheet.width,
        sheet.width,
        safe(sheet.title),
        safe(sheet.description),
    );
    let mark = safe(sheet.mark);
    let _ = write!(
        svg,
        "<defs><pattern id=\"{mark}-lost\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"5\" height=\"5\" fill=\"{LOST}\"/><path d=\"M0 0v5\" stroke=\"#fff\" stroke-width=\"1.4\"/></pattern></defs><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
    );
    if let Some(heading) = sheet.heading {
        let _ = write!(
            svg,
            "<text x=\"{GAP}\" y=\"26\" font-size=\"19\" font-weight=\"700\">{}</text>",
            safe(&crate::french::text(heading)),
        );
    }
    for (n, panel) in sheet.panels.iter().enumerate() {
        let x = GAP + n as f64 * (layout.across + GAP);
        draw(&mut svg, sheet, panel, &layout, n, x);
    }
    let top = sheet.top() + layout.down + 8.0;
    legend(&mut svg, &keys, GAP, top, legend_width, &mark);
    if !sheet.sources.is_empty() {
        let _ = write!(
            svg,
            "<text x=\"{GAP}\" y=\"{:.0}\" font-size=\"11\" fill=\"#444\">{}</text>",
            height - 8.0,
            safe(sheet.sources),
        );
    }
    svg + "</svg>"
}

/// Faces for the eye: sans serif, as the page has it.
pub(super) const FONTS: &str = "'Open Sans', 'Segoe UI', Roboto, Arial, sans-serif";

fn draw(svg: &mut String, sheet: &Sheet, panel: &Panel, layout: &Layout, number: usize, x: f64) {
    let Layout {
        across,
        down,
        ground: [west, _, east, north_side],
    } = *layout;
    let scale = Scale {
        west,
        north: north_side,
        lines: across / GRID / (east - west),
    };
    let mark = safe(sheet.mark);
    let _ = write!(
        svg,
        "<text x=\"{x:.0}\" y=\"{:.0}\" font-weight=\"700\">{}</text><g transform=\"translate({x:.0} {:.0})\"><clipPath id=\"{mark}-c{number}\"><rect width=\"{across:.0}\" height=\"{down:.0}\"/></clipPath><g clip-path=\"url(#{mark}-c{number})\">",
        sheet.top() - 8.0,
        safe(&panel.title),
        sheet.top(),
    );
    for (n, backdrop) in panel.backdrop.iter().enumerate() {
        let opacity = if n == 0 { 1.0 } else { 0.6 };
        let _ = write!(
            svg,
            "<image width=\"{across:.0}\" height=\"{down:.0}\" opacity=\"{opacity}\" preserveAspectRatio=\"none\" href=\"{backdrop}\"/>"
        );
    }
    let mut edge = Outline::default();
    let mut communes: BTreeMap<u16, Outline> = BTreeMap::new();
    if let Some(view) = panel.view {
        let mut looks: BTreeMap<Look, Outline> = BTreeMap::new();
        for face in &sheet.scene.faces {
            let look = look(sheet, view, face);
            looks.entry(look).or_default().add(&face.rings, &scale);
            edge.add(&face.rings, &scale);
            communes
                .entry(face.commune)
                .or_default()
                .add(&face.rings, &scale);
        }
        let _ = write!(
            svg,
            "<g transform=\"scale({GRID})\" opacity=\"{}\">",
            view.opacity
        );
        for (look, outline) in looks {
            let path = outline.path();
            if path.is_empty() {
                continue;
            }
            let fill = match look.fill.as_str() {
                LOST => format!("url(#{mark}-lost)"),
                colour => colour.to_owned(),
            };
            // A line of the same colour closes the hair's breadth between neighbours.
            let _ = write!(
                svg,
                "<path fill=\"{fill}\" stroke=\"{}\" stroke-width=\"{}\" d=\"{path}\"/>",
                look.fill,
                f64::from(look.line) / 10.0,
            );
        }
        svg.push_str("</g>");
    }
    let _ = write!(svg, "<g transform=\"scale({GRID})\" fill=\"none\">");
    if communes.len() > 1 {
        for (_, outline) in communes {
            let _ = write!(
                svg,
                "<path stroke=\"#555\" stroke-width=\"1\" d=\"{}\"/>",
                outline.path()
            );
        }
    }
    let _ = write!(
        svg,
        "<path stroke=\"#222\" stroke-width=\"1.7\" d=\"{}\"/></g></g>",
        edge.path()
    );
    let _ = write!(
        svg,
        "<rect width=\"{across:.0}\" height=\"{down:.0}\" fill=\"none\" stroke=\"#999\"/>"
    );
    scale_bar(svg, (east - west) / across, across, down);
    north(svg, across);
    svg.push_str("</g>");
}

/// Ground that becomes artificialised,
const GAINED: &str = "#d1351b";
/// or ceases to be,
pub(super) const LOST: &str = "#1f6fb4";
/// that changes otherwise,
const OTHER: &str = "#b79ccf";
/// that is artificialised,
const ARTIFICIAL: &str = "#8c8c8c";
/// that is not,
const NATURAL: &str = "#eef2e6";
/// and of which nothing is known.
const UNKNOWN: &str = "#ffffff";

/// How faces are drawn, in the order in which they are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    /// What is drawn later lies on top.
    order: u16,
    fill: String,
    /// Width of the line, in tenths of the grid.
    line: u8,
    label: String,
}

fn look(sheet: &Sheet, view: View, face: &Shown) -> Look {
    let when = usize::from(view.is_after);
    let plain = |order, fill: &str, line, label: &str| Look {
        order,
        fill: fill.to_owned(),
        line,
        label: label.to_owned(),
    };
    match view.subject {
        Subject::Cover => coded(&sheet.reference.cover, sheet.scene.text(face.cover[when])),
        Subject::Usage => coded(&sheet.reference.usage, sheet.scene.text(face.usage[when])),
        Subject::Status => match face.artificial[when] {
            Some(true) => plain(1, ARTIFICIAL, 7, "sol artificialisé"),
            Some(false) => plain(0, NATURAL, 7, "sol non artificialisé"),
            None => plain(2, UNKNOWN, 7, "statut inconnu"),
        },
        Subject::Changes => match face.artificial {
            [Some(false), Some(true)] => plain(5, GAINED, 20, "artificialisation"),
            [Some(true), Some(false)] => plain(6, LOST, 20, "désartificialisation"),
            _ if face.is_changed
                && face.artificial[0].is_some()
                && face.artificial[1].is_some() =>
            {
                plain(
                    4,
                    OTHER,
                    7,
                    "autre changement de couverture ou d’usage, statut inchangé",
                )
            }
            [_, Some(true)] => plain(1, ARTIFICIAL, 7, "déjà artificialisé"),
            [_, Some(false)] => plain(0, NATURAL, 7, "non artificialisé"),
            _ => plain(2, UNKNOWN, 7, "statut inconnu"),
        },
    }
}

/// The official colour and label of a code.
fn coded(nomenclature: &Nomenclature, code: &str) -> Look {
    let known = nomenclature.code(code).filter(|_| !code.is_empty());
    let Some(known) = known else {
        return Look {
            order: u16::MAX,
            fill: UNKNOWN.to_owned(),
            line: 7,
            label: "non couvert".to_owned(),
        };
    };
    let labels = nomenclature.labels(known);
    let place = nomenclature.codes().position(|c| c == known);
    Look {
        order: place
            .and_then(|n| u16::try_from(n).ok())
            .unwrap_or(u16::MAX - 1),
        fill: match labels.colour.as_str() {
            // White is for ground that is not covered.
            "#ffffff" => "#c8c8c8".to_owned(),
            colour => colour.to_owned(),
        },
        line: 7,
        label: match labels.label_fr.eq_ignore_ascii_case(code) {
            true => crate::french::text(&labels.label_fr),
            false => format!("{code} {}", crate::french::text(&labels.label_fr)),
        },
    }
}

/// The legend of all maps of a sheet: what they show, and no more.
fn keys(sheet: &Sheet) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for view in sheet.panels.iter().filter_map(|panel| panel.view) {
        let looks: BTreeSet<Look> = sheet
            .scene
            .faces
            .iter()
            .map(|face| look(sheet, view, face))
            .collect();
        for look in looks {
            let label = match sheet.width < NARROW {
                true => look.label.split(" (").next().unwrap_or_default().to_owned(),
                false => look.label,
            };
            let key = Key {
                colour: look.fill,
                label,
            };
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    keys
}
