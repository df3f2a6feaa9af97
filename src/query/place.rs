//! Where the faces are that a question asks for.

use std::collections::BTreeSet;
use std::path::Path;

use geo::{BoundingRect, Coord, Intersects, LineString, MultiPolygon, Polygon, Rect};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::degrees::Degrees;
use super::faces::Batch;
use super::store::{Store, damaged};
use crate::error::{Error, Result, suggest};
use crate::vector::{Layer, Opening, polygons};

/// Some ground, in degrees or in the CRS of the run.
#[derive(Clone, Debug)]
pub struct Region {
    ground: MultiPolygon<f64>,
    is_degrees: bool,
}

/// Whether coordinates can only be a longitude and a latitude: no projected system of France has any
/// so near its origin.
fn is_degrees(points: &[(f64, f64)]) -> bool {
    points
        .iter()
        .all(|p| p.0.abs() <= 180.0 && p.1.abs() <= 90.0)
}

/// Points along each side of a rectangle of degrees, whose sides are curves in another system.
const ALONG: usize = 32;

impl Region {
    /// A rectangle: west, south, east and north, in degrees (WGS 84) or in the CRS of the run.
    pub fn rectangle(given: &str) -> Result<Self> {
        let [west, south, east, north] = numbers(given, "--bbox", "west,south,east,north")?;
        if west > east || south > north {
            return Err(Error::input(
                "--bbox",
                format!("{given} has no extent"),
                "give west,south,east,north: the first is less than the third, the second than the fourth",
            ));
        }
        let corners = [(west, south), (east, south), (east, north), (west, north)];
        let mut ring = Vec::new();
        for side in 0..4 {
            let (from, to) = (corners[side], corners[(side + 1) % 4]);
            ring.extend((0..ALONG).map(|n| {
                let t = n as f64 / ALONG as f64;
                Coord {
                    x: from.0 + t * (to.0 - from.0),
                    y: from.1 + t * (to.1 - from.1),
                }
            }));
        }
        Ok(Self {
            ground: MultiPolygon(vec![Polygon::new(LineString(ring), Vec::new())]),
            is_degrees: is_degrees(&corners),
        })
    }

    /// Points, in degrees (WGS 84) or in the CRS of the run.
    pub fn points(given: &[String]) -> Result<Self> {
        let points: Vec<(f64, f64)> = given
            .iter()
            .map(|text| numbers(text, "--point", "longitude,latitude").map(|[x, y]| (x, y)))
            .collect::<Result<_>>()?;
        let of_one =
            |&(x, y): &(f64, f64)| Polygon::new(LineString(vec![Coord { x, y }; 4]), Vec::new());
        Ok(Self {
            ground: MultiPolygon(points.iter().map(of_one).collect()),
            is_degrees: is_degrees(&points),
        })
    }

    /// The polygons of a file, in WGS 84.
    pub fn file(path: &Path) -> Result<Self> {
        let mut layer = Layer::open(path, Opening::default())?;
        let crs = layer.crs().cloned();
        let way = match crs {
            Some(crs) => crs.way_to(&crate::crs::wgs84()?)?,
            None => None,
        };
        let mut all = Vec::new();
        layer.scan(&[], |row| {
            let Some(shape) = row.geometry.and_then(polygons) else {
                return Ok(());
            };
            for mut rings in shape.polygons {
                for ring in &mut rings {
                    super::degrees::through(way.as_ref(), ring)?;
                }
                all.push(polygon(rings));
            }
            Ok(())
        })?;
        if all.is_empty() {
            return Err(Error::input(
                path.display(),
                "has no polygon",
                "give a file of polygons",
            ));
        }
        Ok(Self {
            ground: MultiPolygon(all),
            is_degrees: true,
        })
    }

    /// The same ground in another CRS, given as PROJJSON.
    pub(crate) fn projected(&self, projjson: &serde_json::Value) -> Result<Self> {
        if !self.is_degrees {
            return Ok(self.clone());
        }
        let way = Degrees::of(projjson)?;
        let ring = |line: &LineString<f64>| -> Result<LineString<f64>> {
            let mut points: Vec<(f64, f64)> = line.0.iter().map(|c| (c.x, c.y)).collect();
            way.back(&mut points)?;
            Ok(points.into())
        };
        let moved = |p: &Polygon<f64>| -> Result<Polygon<f64>> {
            let holes = p.interiors().iter().map(ring).collect::<Result<_>>()?;
            Ok(Polygon::new(ring(p.exterior())?, holes))
        };
        Ok(Self {
            ground: MultiPolygon(self.ground.iter().map(moved).collect::<Result<_>>()?),
            is_degrees: false,
        })
    }

    /// West, south, east and north.
    pub(crate) fn bounds(&self) -> Option<[f64; 4]> {
        let rectangle = self.ground.bounding_rect()?;
        let (low, high) = (rectangle.min(), rectangle.max());
        Some([low.x, low.y, high.x, high.y])
    }

    /// Leaves out of a selection the faces that do not meet the region.
    pub(super) fn narrow(&self, batch: &Batch, mask: &mut [bool]) -> Result<()> {
        let sides = ["xmin", "ymin", "xmax", "ymax"].map(|name| batch.side(name));
        let [west, south, east, north] = sides;
        let (west, south, east, north) = (west?, south?, east?, north?);
        let shapes = batch.geometry()?;
        let whole = self.ground.bounding_rect();
        for (n, wanted) in mask.iter_mut().enumerate().filter(|(_, wanted)| **wanted) {
            let rectangle = Rect::new(
                (west.value(n), south.value(n)),
                (east.value(n), north.value(n)),
            );
            *wanted = whole.is_some_and(|whole| whole.intersects(&rectangle)) && {
                let shape = polygons(shapes.value(n))
                    .ok_or_else(|| Error::unreadable(batch.path(), "a polygon is broken"))?;
                let mut parts = shape.polygons.into_iter().map(polygon);
                parts.any(|part| part.intersects(&self.ground))
            };
        }
        Ok(())
    }
}

fn polygon(rings: Vec<crate::vector::Ring>) -> Polygon<f64> {
    let mut rings = rings.into_iter().map(LineString::from);
    let outer = rings.next().unwrap_or_else(|| LineString(Vec::new()));
    Polygon::new(outer, rings.collect())
}

/// No coordinate of any system in use is as large.
const FARTHEST: f64 = 1e9;

/// So many numbers, parted by commas.
fn numbers<const N: usize>(given: &str, flag: &str, what: &str) -> Result<[f64; N]> {
    let read: Option<Vec<f64>> = given
        .split(',')
        .map(|part| part.trim().parse().ok())
        .map(|number: Option<f64>| number.filter(|number| number.abs() <= FARTHEST))
        .collect();
    read.and_then(|read| read.try_into().ok()).ok_or_else(|| {
        Error::input(
            flag,
            format!("`{given}` is not {what}"),
            "give numbers parted by commas, in degrees or in the CRS of the run, such as 0.58,43.65",
        )
    })
}

/// A member of a territory, as `account/levels.parquet` has it.
struct Member {
    level: String,
    territory: String,
    name: String,
    commune: String,
}

fn members(store: &Store) -> Result<Vec<Member>> {
    let file = "account/levels.parquet";
    let path = store.place(file);
    let reader = ParquetRecordBatchReaderBuilder::try_new(store.source(file)?)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(damaged(&path))?;
    let mut all = Vec::new();
    for rows in reader {
        let rows = rows.map_err(|e| Error::unreadable(&path, e))?;
        let batch = Batch::new(path.clone(), rows);
        let columns =
            ["level", "territory", "territory_name", "commune"].map(|name| batch.text(name));
        let [level, territory, name, commune] = columns;
        let (level, territory, name, commune) = (level?, territory?, name?, commune?);
        for n in 0..batch.rows.num_rows() {
            all.push(Member {
                level: level.value(n).to_owned(),
                territory: territory.value(n).to_owned(),
                name: name.value(n).to_owned(),
                commune: commune.value(n).to_owned(),
            });
        }
    }
    Ok(all)
}

/// A name without its accents, signs and capitals, to be compared: `Saint-Élix` is `saint elix`.
pub fn plain(name: &str) -> String {
    let letters = name.nfd().filter(|c| !is_combining_mark(*c));
    let spaced = letters.flat_map(|c| match c {
        'œ' | 'Œ' => vec!['o', 'e'],
        c if c.is_alphanumeric() => c.to_lowercase().collect(),
        _ => vec![' '],
    });
    let text: String = spaced.collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Letters that a part of a name must have to stand for it.
const PART: usize = 4;

/// Whether some words, written plainly, are a part of a name: `vienne condrieu` of `Communauté d'agglomération
/// Vienne Condrieu`.
pub(crate) fn is_part(asked: &str, name: &str) -> bool {
    let name = format!(" {} ", plain(name));
    asked.len() >= PART && name.contains(&format!(" {asked} "))
}

/// The communes of a territory of a level, by its code, its name, or what of its name no other has.
pub(super) fn communes_of(out: &Path, level: &str, territory: &str) -> Result<BTreeSet<String>> {
    let store = Store::new(out);
    let all = members(&store)?;
    let levels: BTreeSet<&str> = all.iter().map(|m| m.level.as_str()).collect();
    if !levels.contains(level) {
        return Err(Error::input(
            out.display(),
            format!("has no level {level}"),
            suggest(level, levels),
        ));
    }
    let own = || all.iter().filter(|m| m.level == level);
    let asked = plain(territory);
    let mut communes: BTreeSet<String> = own()
        .filter(|m| m.territory == territory || plain(&m.name) == asked)
        .map(|m| m.commune.clone())
        .collect();
    if communes.is_empty() {
        let part: Vec<_> = own().filter(|m| is_part(&asked, &m.name)).collect();
        let territories: BTreeSet<&str> = part.iter().map(|m| m.territory.as_str()).collect();
        if territories.len() == 1 {
            communes.extend(part.iter().map(|m| m.commune.clone()));
        }
    }
    if communes.is_empty() {
        let known: BTreeSet<&str> = own()
            .flat_map(|m| [m.territory.as_str(), m.name.as_str()])
            .collect();
        return Err(Error::input(
            out.display(),
            format!("has no {level} {territory}"),
            suggest(territory, known),
        ));
    }
    Ok(communes)
}

/// The commune of a code, or of a name: that of a table of stocks.
pub(super) fn commune(out: &Path, given: &str) -> Result<BTreeSet<String>> {
    // A code needs no table: what is not there is told once nothing was found.
    if given.len() == 5 && given.bytes().skip(2).all(|b| b.is_ascii_digit()) {
        return Ok(BTreeSet::from([given.to_owned()]));
    }
    let named = super::listed(out)?;
    let asked = plain(given);
    let own: BTreeSet<String> = named
        .iter()
        .filter(|(code, name)| code == given || plain(name) == asked)
        .map(|(code, _)| code.clone())
        .collect();
    if own.len() == 1 {
        return Ok(own);
    }
    if own.len() > 1 {
        let codes: Vec<&str> = own.iter().map(String::as_str).collect();
        return Err(Error::input(
            out.display(),
            format!("has several communes named {given}"),
            format!("give one by its code: {}", codes.join(", ")),
        ));
    }
    if let Some(former) = former(out, given) {
        return Err(former.refused(out));
    }
    let names = named
        .iter()
        .flat_map(|(code, name)| [code.as_str(), name.as_str()]);
    Err(Error::input(
        out.display(),
        format!("has no commune {given}"),
        match crate::error::nearest(given, names) {
            Some(near) => format!("did you mean {near}? tables/stock.csv lists all"),
            None => "tables/stock.csv lists all".to_owned(),
        },
    ))
}

/// A commune of former days.
pub(crate) struct Former {
    /// What it was called.
    pub(crate) name: String,
    /// Until when.
    pub(crate) date: String,
    /// The communes that have its ground today; several where it was divided, or where several had its name.
    pub(crate) today: BTreeSet<String>,
}

impl Former {
    /// Says where its ground is to be looked for.
    pub(crate) fn refused(&self, out: &Path) -> Error {
        let today: Vec<&str> = self.today.iter().map(String::as_str).collect();
        let advice = match today.as_slice() {
            [one] => format!("its ground is that of {one}: ask for that"),
            several => format!(
                "it was divided, or several had that name: ask for one of {}",
                several.join(", ")
            ),
        };
        Error::input(
            out.display(),
            format!("has no commune {} since {}", self.name, self.date),
            advice,
        )
    }
}

/// The commune of former days of a code or a name, where the run knows the movements of communes.
pub(crate) fn former(out: &Path, given: &str) -> Option<Former> {
    // A run without movements has no such table, and a server cannot be asked whether it is there.
    let text = Store::new(out).text("tables/movements.csv").ok()?;
    let mut reader = crate::publish::reader(&text);
    let headers = reader.headers().ok()?.clone();
    let place = |name: &str| headers.iter().position(|h| h == name);
    let (date, code) = (place("date")?, place("code_before")?);
    let (name, today) = (place("name_before")?, place("code_today")?);
    let asked = plain(given);
    let mut found: Option<Former> = None;
    // The latest comes first.
    for row in reader.records().flatten() {
        let cell = |n: usize| row.get(n).unwrap_or_default();
        let is_named = !asked.is_empty() && plain(cell(name)) == asked;
        let is_coded = !given.is_empty() && cell(code) == given && cell(code) != cell(today);
        if !is_named && !is_coded {
            continue;
        }
        let former = found.get_or_insert_with(|| Former {
            name: cell(name).to_owned(),
            date: cell(date).to_owned(),
            today: BTreeSet::new(),
        });
        former.today.insert(cell(today).to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_a_part_of_a_name() {
        let name = "Communauté d'agglomération Vienne Condrieu";
        assert!(is_part("vienne condrieu", name) && is_part("condrieu", name));
        assert!(!is_part("condr", name) && !is_part("d", name) && !is_part("", name));
    }
}
