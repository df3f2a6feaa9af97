//! Communes: groups of cells, with limits of their own and names that could be real.

use std::collections::{BTreeMap, BTreeSet};

use super::chance::{Draw, Subject, chance};
use super::edges::Edges;
use super::layout::{Cell, Layout, Seam};
use super::shapes::to_grid;
use crate::partition::{Builder, FaceId, Polygon};

/// Mean area of a commune, km².
const KM2: f64 = 15.0;
/// The département of the territory.
pub(super) const DEPARTEMENT: &str = "32";
/// The first code of a commune, within the département; that of the largest territory is below
/// 1000.
const FIRST_CODE: usize = 301;

/// One commune.
pub(super) struct Commune {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) parts: Vec<Polygon>,
}

/// The communes of a territory whose cells are painted.
pub(super) fn communes(layout: &Layout, edges: &Edges) -> Vec<Commune> {
    let owners = owners(layout);
    let count = owners.values().max().map_or(0, |&last| last as usize + 1);
    let mut builder = Builder::new();
    for _ in 0..count {
        builder.item();
    }
    for seam in layout.seams() {
        let line = if layout.is_frame(seam) {
            edges.frame(layout, seam)
        } else {
            to_grid(&layout.commune_limit(seam))
        };
        // Where both sides are of one commune its limit runs there twice, which is not at all.
        for cell in layout.cells_beside(seam).into_iter().flatten() {
            for pair in line.windows(2) {
                builder.segment(owners[&cell], pair[0], pair[1]);
            }
        }
    }
    let overlay = builder.build();
    let names = names(layout.seed, count);
    let mut communes: Vec<Commune> = names
        .into_iter()
        .enumerate()
        .map(|(n, name)| Commune {
            code: code(n),
            name,
            parts: Vec::new(),
        })
        .collect();
    for face in 1..overlay.partition.face_count() as FaceId {
        if let (&[owner], Some(polygon)) = (overlay.items(face), overlay.partition.polygon(face)) {
            communes[owner as usize].parts.push(polygon);
        }
    }
    communes
}

/// The code of the commune of each cell.
pub(super) fn codes(layout: &Layout) -> BTreeMap<Cell, String> {
    let owners = owners(layout).into_iter();
    owners
        .map(|(cell, owner)| (cell, code(owner as usize)))
        .collect()
}

/// The code of the commune of this number.
fn code(number: usize) -> String {
    format!("{DEPARTEMENT}{:03}", FIRST_CODE + number)
}

/// The commune of each cell. Communes grow from cells drawn by chance, each time by a cell beside
/// them, so that each is of one piece.
fn owners(layout: &Layout) -> BTreeMap<Cell, u32> {
    let mut chance = chance(layout.seed, Subject::Communes, &[]);
    let cells: Vec<Cell> = (0..layout.rows)
        .flat_map(|row| (0..layout.columns).map(move |column| (column, row)))
        .collect();
    let km2 = cells.len() as f64 * (layout.pitch / 1_000.0).powi(2);
    let count = ((km2 / KM2).round() as usize).clamp(2, cells.len());
    let mut owners: BTreeMap<Cell, u32> = BTreeMap::new();
    // Seats on a jittered lattice; the cells that are nearest in steps of uneven length follow.
    let mut open: BTreeSet<(u64, u32, Cell)> = BTreeSet::new();
    let across = (count as f64).sqrt().ceil().max(1.0);
    let mut seats = BTreeSet::new();
    for n in 0..count {
        let (x, y) = ((n as f64 % across) + 0.5, (n as f64 / across).floor() + 0.5);
        let lines = (count as f64 / across).ceil();
        let at = |place: f64, of: f64, cells: usize, drawn: f64| {
            (((place + drawn) / of * cells as f64) as usize).min(cells - 1)
        };
        let seat = (
            at(x, across, layout.columns, chance.between(-0.4, 0.4)),
            at(y, lines, layout.rows, chance.between(-0.4, 0.4)),
        );
        if seats.insert(seat) {
            open.insert((0, seats.len() as u32 - 1, seat));
        }
    }
    while let Some((far, owner, cell)) = open.pop_first() {
        if owners.contains_key(&cell) {
            continue;
        }
        owners.insert(cell, owner);
        for next in beside(layout, cell) {
            if !owners.contains_key(&next) {
                let step = chance.between(70.0, 130.0) as u64;
                open.insert((far + step, owner, next));
            }
        }
    }
    owners
}

/// The cells that share a side with a cell.
fn beside(layout: &Layout, (column, row): Cell) -> Vec<Cell> {
    let seams = [
        Seam::North(column, row),
        Seam::East(column, row),
        Seam::North(column + 1, row),
        Seam::East(column, row + 1),
    ];
    seams
        .into_iter()
        .flat_map(|seam| layout.cells_beside(seam))
        .flatten()
        .filter(|&cell| cell != (column, row))
        .collect()
}

const STARTS: [&str; 24] = [
    "Mont", "Roque", "Castel", "Ville", "Beau", "Mar", "Lag", "Sauve", "Cas", "Puy", "Bar", "Font",
    "Cam", "Pey", "Bel", "Lou", "Aub", "Séri", "Tour", "Gar", "Val", "Mir", "Cour", "Esc",
];
const ENDS: [&str; 24] = [
    "ac", "an", "ens", "illac", "ères", "oux", "mont", "aste", "agnac", "ivet", "issan", "court",
    "elle", "igny", "redon", "ède", "osse", "urens", "ville", "ombe", "essac", "aillan", "oule",
    "esque",
];
const SAINTS: [&str; 12] = [
    "Aubin", "Clar", "Élix", "Germé", "Justin", "Lary", "Martin", "Médard", "Orens", "Sauvy",
    "Soulan", "Ost",
];
const WATERS: [&str; 10] = [
    "Arrats", "Baïse", "Gimone", "Save", "Osse", "Auzoue", "Lisse", "Losse", "Bouès", "Guiroue",
];

/// Names for this many communes, all different.
fn names(seed: u64, count: usize) -> Vec<String> {
    let mut chance = chance(seed, Subject::Names, &[]);
    let mut known = BTreeSet::new();
    let mut names = Vec::with_capacity(count);
    while names.len() < count {
        let plain = format!("{}{}", STARTS[chance.below(24)], ENDS[chance.below(24)]);
        let water = WATERS[chance.below(10)];
        let name = match chance.below(6) {
            0 => format!("Saint-{}-{plain}", SAINTS[chance.below(12)]),
            1 => format!("{plain}-sur-{water}"),
            _ => plain,
        };
        if known.insert(name.clone()) {
            names.push(name);
        }
    }
    names
}
