//! Draws the pictures of `docs/alignment.md`: each case is a small territory that the program runs;
//! what it makes of it is drawn as it stands in its outputs.
//!
//! ```text
//! cargo run --release --example alignment_pictures -- docs/pictures
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use millesime::crs::Crs;
use millesime::produce::DECIDED_KEY;
use millesime::progress::Quiet;
use millesime::raster::{PixelGrid, Tiff};
use millesime::reference::Reference;
use millesime::vector::{Layer, Opening, polygons};

/// A rectangle: west, south, east, north, in metres.
type Rectangle = [f64; 4];
/// Cover and use.
type Codes = (&'static str, &'static str);
/// What a vintage shows: what is listed later lies over what is listed before.
type Vintage = Vec<(Codes, Rectangle)>;

const FIELD: Codes = ("CS2.2.1", "US1.1");
const WOOD: Codes = ("CS2.1.1.1", "US1.2");
const HEATH: Codes = ("CS2.1.2", "US1.2");
const HOUSING: Codes = ("CS1.1.1.2", "US5");
const GARDEN: Codes = ("CS2.2.1", "US5");
const ROAD: Codes = ("CS1.1.1.2", "US4.1.1");

/// Values of the nomenclature `odeon-naf`.
const BUILT: u8 = 1;
const GRASS: u8 = 13;

/// Side of every territory, m.
const SIDE: f64 = 400.0;
/// Where its origin lies, in Lambert-93.
const ORIGIN: (f64, f64) = (478_000.0, 6_275_000.0);

/// What comes with the vintages of a case: rectangles that differ from the rest, by vintage.
enum Beside {
    Nothing,
    /// What a model saw: the first class and its probability, the second one and its own.
    Seen([Vec<(Rectangle, [u8; 4])>; 2]),
    /// Where sources told housing.
    Decided([Vec<Rectangle>; 2]),
}

struct Case {
    name: &'static str,
    vintages: Vec<Vintage>,
    beside: Beside,
    /// What the picture shows of it.
    view: Rectangle,
}

fn all(codes: Codes) -> (Codes, Rectangle) {
    (codes, [0.0, 0.0, SIDE, SIDE])
}

fn cases() -> Vec<Case> {
    let housing = [40.0, 60.0, 200.0, 250.0];
    let road = |top: f64| (ROAD, [0.0, 200.0, SIDE, top]);
    let wood = |east: f64| (WOOD, [0.0, 0.0, east, SIDE]);
    // Limits that stay where they are tell how exactly outlines are drawn.
    let strips = |x: f64| -> Vintage {
        let mut vintage: Vintage = vec![all(FIELD)];
        vintage.extend((0..4).map(|n| {
            let south = 100.0 * f64::from(n);
            (WOOD, [0.0, south, SIDE, south + 50.0])
        }));
        vintage.push((HOUSING, [0.0, 0.0, x, SIDE]));
        vintage
    };
    let (left, right) = ([60.0, 100.0, 160.0, 200.0], [220.0, 100.0, 320.0, 200.0]);
    vec![
        Case {
            name: "extension",
            vintages: vec![
                vec![all(FIELD), (HOUSING, housing)],
                vec![
                    all(FIELD),
                    (HOUSING, housing),
                    (HOUSING, [200.0, 120.0, 230.0, 150.0]),
                    (HOUSING, [320.0, 320.0, 350.0, 350.0]),
                ],
            ],
            beside: Beside::Nothing,
            view: [0.0, 0.0, SIDE, SIDE],
        },
        Case {
            name: "band",
            vintages: vec![vec![all(FIELD), road(208.0)], vec![all(FIELD), road(208.8)]],
            beside: Beside::Nothing,
            view: [180.0, 190.0, 220.0, 220.0],
        },
        Case {
            name: "remainder",
            vintages: vec![
                vec![all(FIELD), wood(150.0), (WOOD, [250.0, 0.0, SIDE, SIDE])],
                vec![all(HOUSING), wood(152.0), (WOOD, [252.0, 0.0, SIDE, SIDE])],
            ],
            beside: Beside::Nothing,
            view: [130.0, 100.0, 270.0, 240.0],
        },
        Case {
            name: "steps",
            vintages: vec![strips(100.0), strips(102.0), strips(104.0)],
            beside: Beside::Nothing,
            view: [85.0, 90.0, 125.0, 130.0],
        },
        Case {
            name: "confusion",
            vintages: vec![
                vec![all(FIELD), (WOOD, [80.0, 80.0, 200.0, 200.0])],
                vec![all(FIELD), (HEATH, [80.0, 80.0, 200.0, 200.0])],
            ],
            beside: Beside::Nothing,
            view: [40.0, 40.0, 240.0, 240.0],
        },
        Case {
            name: "speck",
            vintages: vec![
                vec![all(FIELD), (WOOD, [100.0, 100.0, 110.0, 110.0])],
                vec![all(FIELD), (WOOD, [130.0, 100.0, 140.0, 110.0])],
            ],
            beside: Beside::Nothing,
            view: [80.0, 80.0, 160.0, 130.0],
        },
        Case {
            name: "unseen",
            vintages: vec![
                vec![all(FIELD)],
                vec![all(FIELD), (HOUSING, left), (HOUSING, right)],
            ],
            beside: Beside::Seen([
                vec![],
                vec![
                    (left, [BUILT, 245, GRASS, 8]),
                    (right, [GRASS, 150, BUILT, 100]),
                ],
            ]),
            view: [40.0, 60.0, 360.0, 240.0],
        },
        Case {
            name: "generalisation",
            vintages: vec![
                vec![all(FIELD)],
                vec![all(FIELD), (GARDEN, left), (GARDEN, right)],
            ],
            beside: Beside::Decided([
                vec![[220.0, 100.0, 300.0, 180.0]],
                vec![left, [220.0, 100.0, 300.0, 200.0]],
            ]),
            view: [40.0, 60.0, 360.0, 240.0],
        },
    ]
}

/// A vintage as GeoJSON: every rectangle is cut by those that lie over it, on the lines of all, and
/// what has the same codes is one object.
fn geojson(vintage: &Vintage) -> String {
    let line = |of: [usize; 2]| {
        let mut lines: Vec<f64> = vintage.iter().flat_map(|(_, r)| of.map(|n| r[n])).collect();
        lines.sort_by(f64::total_cmp);
        lines.dedup();
        lines
    };
    let (xs, ys) = (line([0, 2]), line([1, 3]));
    let mut objects: BTreeMap<Codes, Vec<String>> = BTreeMap::new();
    for x in xs.windows(2) {
        for y in ys.windows(2) {
            let at = ((x[0] + x[1]) / 2.0, (y[0] + y[1]) / 2.0);
            let holds = |(_, r): &&(Codes, Rectangle)| {
                (r[0]..r[2]).contains(&at.0) && (r[1]..r[3]).contains(&at.1)
            };
            if let Some((codes, _)) = vintage.iter().rev().find(holds) {
                let corner = |x: f64, y: f64| format!("[{},{}]", x + ORIGIN.0, y + ORIGIN.1);
                let ring = [
                    corner(x[0], y[0]),
                    corner(x[1], y[0]),
                    corner(x[1], y[1]),
                    corner(x[0], y[1]),
                    corner(x[0], y[0]),
                ];
                let part = format!("[[{}]]", ring.join(","));
                objects.entry(*codes).or_default().push(part);
            }
        }
    }
    let feature = |((cover, usage), parts): (Codes, Vec<String>)| {
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"code_cs\":\"{cover}\",\"code_us\":\"{usage}\"}},\
             \"geometry\":{{\"type\":\"MultiPolygon\",\"coordinates\":[{}]}}}}",
            parts.join(",")
        )
    };
    let features: Vec<String> = objects.into_iter().map(feature).collect();
    format!(
        "{{\"type\":\"FeatureCollection\",\"name\":\"v\",\"crs\":{{\"type\":\"name\",\
         \"properties\":{{\"name\":\"urn:ogc:def:crs:EPSG::2154\"}}}},\"features\":[{}]}}",
        features.join(",")
    )
}

/// Writes what comes with a vintage; returns its keys in the territory file.
fn beside(case: &Case, n: usize, folder: &Path) -> Result<String, Box<dyn Error>> {
    let crs = Crs::parse("EPSG:2154", "pictures")?;
    let grid = PixelGrid::of(0.0, 0.0, 1.0).0;
    let (west, south) = ORIGIN;
    let window = grid.window([west, south, west + SIDE, south + SIDE]);
    let places = || {
        let side = SIDE as usize;
        (0..side * side).map(move |n| ((n % side) as f64 + 0.5, SIDE - (n / side) as f64 - 0.5))
    };
    let holds =
        |r: &Rectangle, (x, y): (f64, f64)| (r[0]..r[2]).contains(&x) && (r[1]..r[3]).contains(&y);
    match &case.beside {
        Beside::Nothing => Ok(String::new()),
        Beside::Seen(seen) => {
            let path = folder.join(format!("seen-{n}.tif"));
            let mut file = Tiff::create::<u8>(&path, (&crs, &grid, window), 5, None)?;
            let pixel = |place| {
                let own = seen[n].iter().find(|(r, _)| holds(r, place));
                own.map_or([GRASS, 245, BUILT, 8], |own| own.1)
            };
            for band in 0..4 {
                let values = places().map(|place| pixel(place)[band]).collect();
                file.write(band, &window, values)?;
            }
            file.finish()?;
            Ok(format!(
                "probabilities = \"seen-{n}.tif\"\nnomenclature = \"odeon-naf\"\n"
            ))
        }
        Beside::Decided(decided) => {
            let path = folder.join(format!("decided-{n}.tif"));
            let mut file = Tiff::create::<u16>(&path, (&crs, &grid, window), 1, None)?;
            file.tell(DECIDED_KEY, "CS2.2.1 US1.1;CS2.2.1 US5")?;
            let value = |place| 1 + u16::from(decided[n].iter().any(|r| holds(r, place)));
            file.write(0, &window, places().map(value).collect())?;
            file.finish()?;
            Ok(format!("decided = \"decided-{n}.tif\"\n"))
        }
    }
}

/// Runs a case in `folder`; returns the folder of the outputs.
fn run(case: &Case, folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let mut toml =
        String::from("name = \"case\"\ncrs = \"EPSG:2154\"\n[align]\nmode = \"change-first\"\n");
    for (n, vintage) in case.vintages.iter().enumerate() {
        let year = 2018 + 3 * n;
        std::fs::write(folder.join(format!("{year}.geojson")), geojson(vintage))?;
        write!(
            toml,
            "[[vintages]]\nyear = {year}\nproduct = \"{year}.geojson\"\n"
        )?;
        toml += &beside(case, n, folder)?;
    }
    let territory = folder.join("TERRITORY.toml");
    std::fs::write(&territory, toml)?;
    let out = folder.join("out");
    millesime::run::run(&territory, &out, &Quiet)?;
    Ok(out)
}

/// One panel: the polygons of a vintage in their colours.
fn panel(
    path: &Path,
    case: &Case,
    title: &str,
    place: usize,
    reference: &Reference,
) -> Result<String, Box<dyn Error>> {
    let [west, south, east, north] = case.view;
    let scale = PANEL / (east - west).max(north - south);
    let left = place as f64 * (PANEL + GAP);
    let mut svg = format!(
        "<text x=\"{left:.0}\" y=\"14\">{title}</text>\
         <svg x=\"{left:.0}\" y=\"20\" width=\"{:.0}\" height=\"{:.0}\">",
        (east - west) * scale,
        (north - south) * scale
    );
    let mut layer = Layer::open(path, Opening::default())?;
    let columns = ["code_cs", "code_us"].map(|c| Some(c.to_owned()));
    layer.scan(&columns, |row| {
        let value = |n: usize| row.values[n].clone().unwrap_or_default();
        let code = reference.cover.code(&value(0));
        let colour = match (value(1).as_str(), code) {
            ("US4.1.1", _) => "#888888".to_owned(),
            ("US5", Some(_)) if value(0) == "CS2.2.1" => "#f2a64d".to_owned(),
            (_, Some(code)) => reference.cover.labels(code).colour.to_string(),
            _ => "#ffffff".to_owned(),
        };
        let mut path = String::new();
        for ring in row
            .geometry
            .and_then(polygons)
            .into_iter()
            .flat_map(|s| s.polygons)
            .flatten()
        {
            for (n, (x, y)) in ring.iter().enumerate() {
                let (x, y) = (x - ORIGIN.0 - west, north - (y - ORIGIN.1));
                let step = if n == 0 { 'M' } else { 'L' };
                path += &format!("{step}{:.1} {:.1}", x * scale, y * scale);
            }
            path.push('Z');
        }
        svg += &format!(
            "<path d=\"{path}\" fill=\"{colour}\" fill-rule=\"evenodd\" stroke=\"#333\" \
             stroke-width=\"0.7\"/>"
        );
        Ok(())
    })?;
    Ok(svg + "</svg>")
}

/// Side of a panel, and room between two, in pixels.
const PANEL: f64 = 220.0;
const GAP: f64 = 16.0;

/// What alignment judged, by verdict: ground in m².
fn verdicts(out: &Path) -> Result<String, Box<dyn Error>> {
    let mut sums: BTreeMap<String, f64> = BTreeMap::new();
    let mut reader = csv::Reader::from_path(out.join("tables/alignment.csv"))?;
    for row in reader.deserialize::<BTreeMap<String, String>>() {
        let row = row?;
        let area = row["changed_m2"].parse::<f64>()? + row["added_m2"].parse::<f64>()?;
        let key = format!(
            "{}-{} {}",
            row["year_before"], row["year_after"], row["verdict"]
        );
        *sums.entry(key).or_default() += area;
    }
    let texts: Vec<String> = sums
        .iter()
        .map(|(v, area)| format!("{v}: {area:.0} m²"))
        .collect();
    Ok(texts.join(" · "))
}

fn main() -> Result<(), Box<dyn Error>> {
    let target = std::env::args()
        .nth(1)
        .ok_or("give the folder of the pictures")?;
    let reference = Reference::load(None)?;
    for case in cases() {
        let folder =
            std::env::temp_dir().join(format!("millesime-{}-{}", case.name, std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let out = run(&case, &folder)?;
        let mut panels = String::new();
        let years: Vec<usize> = (0..case.vintages.len()).map(|n| 2018 + 3 * n).collect();
        let file = |series: &str, year: usize| {
            out.join(format!(
                "{series}/vintage={year}/departement=00/occupation_sol.parquet"
            ))
        };
        let mut place = 0;
        for &year in &years {
            let title = format!("{year}, published");
            panels += &panel(&file("vintages", year), &case, &title, place, &reference)?;
            place += 1;
        }
        let last = years[years.len() - 1];
        panels += &panel(
            &file("aligned", last),
            &case,
            &format!("{last}, aligned"),
            place,
            &reference,
        )?;
        let [west, south, east, north] = case.view;
        let scale = PANEL / (east - west).max(north - south);
        let height = 20.0 + (north - south) * scale + 22.0;
        let width = (place + 1) as f64 * (PANEL + GAP) - GAP;
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             font-family=\"sans-serif\" font-size=\"12\">\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>{panels}\
             <text x=\"0\" y=\"{:.0}\">{}</text></svg>\n",
            height - 6.0,
            verdicts(&out)?
        );
        std::fs::write(Path::new(&target).join(format!("{}.svg", case.name)), svg)?;
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}
