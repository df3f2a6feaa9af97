//! The faces of some ground, read once and drawn as often as maps are asked of it.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use arrow::array::Array;

use crate::error::{Error, Result};
use crate::query::{FaceFile, Need, Store};
use crate::vector::{Ring, polygons};

/// One face, with codes by their number in [`Scene::texts`].
#[derive(Clone)]
pub struct Shown {
    /// Its rings, in metres.
    pub rings: Vec<Ring>,
    /// Its commune.
    pub commune: u16,
    /// Cover before and after.
    pub cover: [u16; 2],
    /// Use before and after.
    pub usage: [u16; 2],
    /// Status before and after.
    pub artificial: [Option<bool>; 2],
    /// Whether cover, use, status or coverage changed.
    pub is_changed: bool,
    /// Whether the status moved by the thresholds alone.
    pub is_threshold: bool,
    /// Its area, in half square centimetres.
    pub area: i64,
}

/// The faces of a period on some ground.
#[derive(Default)]
pub struct Scene {
    /// The faces.
    pub faces: Vec<Shown>,
    /// Codes that faces speak of by number; the first is none.
    pub texts: Vec<String>,
    /// West, south, east and north, in metres; `None` when there is no face.
    pub bounds: Option<[f64; 4]>,
    /// The CRS of the metres, as PROJJSON.
    pub projjson: Option<serde_json::Value>,
}

impl Scene {
    /// Reads the faces of a period and a series in some communes, or that meet a rectangle.
    pub fn read(
        out: &Path,
        period: &str,
        series: &str,
        communes: Option<&BTreeSet<String>>,
        bounds: Option<[f64; 4]>,
    ) -> Result<Self> {
        let store = Store::new(out);
        let mut scene = Self {
            texts: vec![String::new()],
            ..Self::default()
        };
        let mut numbers: HashMap<String, u16> = HashMap::from([(String::new(), 0)]);
        for faces in store.faces()? {
            if faces.period != period {
                continue;
            }
            let need = Need {
                communes,
                changes_only: false,
                bounds,
                columns: Some(&COLUMNS),
            };
            let file = FaceFile::open(&store, &faces.file)?;
            scene.projjson.get_or_insert_with(|| file.projjson.clone());
            let mut batches = file.read(need)?;
            while let Some(batch) = batches.next()? {
                let own_series = batch.text("series")?;
                let commune = batch.text("commune")?;
                let cause = batch.text("cause")?;
                let codes = ["cs_before", "cs_after", "us_before", "us_after"];
                let [cs0, cs1, us0, us1] = codes.map(|name| batch.text(name));
                let (cs0, cs1, us0, us1) = (cs0?, cs1?, us0?, us1?);
                let (before, after) = (batch.flag("final_before")?, batch.flag("final_after")?);
                let (areas, shapes) = (batch.area()?, batch.geometry()?);
                let mut number = |text: &str| {
                    if let Some(&number) = numbers.get(text) {
                        return number;
                    }
                    // Codes and communes of a territory are far fewer than a u16 has numbers.
                    let next = u16::try_from(scene.texts.len()).unwrap_or(0);
                    scene.texts.push(text.to_owned());
                    numbers.insert(text.to_owned(), next);
                    next
                };
                for n in 0..batch.rows.num_rows() {
                    let code = commune.value(n);
                    let is_asked = communes.is_none_or(|all| all.contains(code));
                    if own_series.value(n) != series || !is_asked {
                        continue;
                    }
                    let shape = polygons(shapes.value(n))
                        .ok_or_else(|| Error::unreadable(batch.path(), "a polygon is broken"))?;
                    let Some(rings) = shape.polygons.into_iter().next() else {
                        continue;
                    };
                    if let Some([west, south, east, north]) = bounds
                        && !meets(&rings, [west, south, east, north])
                    {
                        continue;
                    }
                    widen(&mut scene.bounds, &rings);
                    let text = |column: &arrow::array::StringArray| match column.is_valid(n) {
                        true => column.value(n).to_owned(),
                        false => String::new(),
                    };
                    let status = |column: &arrow::array::BooleanArray| {
                        column.is_valid(n).then(|| column.value(n))
                    };
                    scene.faces.push(Shown {
                        commune: number(code),
                        cover: [number(&text(cs0)), number(&text(cs1))],
                        usage: [number(&text(us0)), number(&text(us1))],
                        artificial: [status(before), status(after)],
                        is_changed: cause.value(n) != "unchanged",
                        is_threshold: cause.value(n) == "threshold",
                        area: areas.value(n),
                        rings,
                    });
                }
            }
        }
        if let Some(bounds) = bounds {
            scene.bounds = Some(bounds);
        }
        Ok(scene)
    }

    /// Shows no more ground than has a code, where that is little of the whole.
    pub fn narrow(&mut self) {
        let is_known = |face: &&Shown| face.cover.iter().chain(&face.usage).any(|&code| code != 0);
        let area = |faces: &mut dyn Iterator<Item = &Shown>| faces.map(|f| f.area).sum::<i64>();
        let known = area(&mut self.faces.iter().filter(is_known));
        if known == 0 || known > area(&mut self.faces.iter()) / 5 {
            return;
        }
        let mut bounds = None;
        for face in self.faces.iter().filter(is_known) {
            widen(&mut bounds, &face.rings);
        }
        self.bounds = bounds;
    }

    /// The faces that meet a rectangle, which becomes the ground shown.
    #[must_use]
    pub fn within(&self, bounds: [f64; 4]) -> Self {
        let near = self.faces.iter().filter(|face| meets(&face.rings, bounds));
        Self {
            faces: near.cloned().collect(),
            texts: self.texts.clone(),
            bounds: Some(bounds),
            projjson: self.projjson.clone(),
        }
    }

    /// The code of a number.
    pub fn text(&self, number: u16) -> &str {
        &self.texts[usize::from(number)]
    }
}

/// Columns that are drawn.
const COLUMNS: [&str; 11] = [
    "series",
    "commune",
    "cause",
    "cs_before",
    "cs_after",
    "us_before",
    "us_after",
    "final_before",
    "final_after",
    "area_half_cm2",
    "geometry",
];

fn meets(rings: &[Ring], [west, south, east, north]: [f64; 4]) -> bool {
    let mut own = None;
    widen(&mut own, rings);
    own.is_some_and(|[w, s, e, n]| w <= east && e >= west && s <= north && n >= south)
}

fn widen(bounds: &mut Option<[f64; 4]>, rings: &[Ring]) {
    for &(x, y) in rings.iter().take(1).flatten() {
        let own = bounds.get_or_insert([x, y, x, y]);
        *own = [own[0].min(x), own[1].min(y), own[2].max(x), own[3].max(y)];
    }
}
