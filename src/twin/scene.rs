//! Painting a cell: shapes are laid one over another, each from a date on, and the partition
//! engine makes faces of them, once for all dates. What does not change between two dates
//! therefore has the same geometry at both, and what changes is known exactly.

use std::collections::BTreeMap;

use super::palette::{FIELD, Ground, cover};
use super::register::Register;
use super::shapes::{Quad, Vector, to_grid};
use crate::grid::{HALF_CM2_PER_M2, Point};
use crate::partition::{
    Builder, Dissolved, FaceId, ItemId, Overlay, Partition, Polygon, signed_area,
};

/// What hides what: a shape hides those of lower layers, and older ones of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    /// Fields.
    Land,
    /// Woods, heath, rock, snow.
    Nature,
    /// Vines, orchards, hedges.
    Parcel,
    /// Rivers, ponds, the sea.
    Water,
    /// Gardens, yards, works.
    Lot,
    /// Railways and tracks.
    Rail,
    /// Roads and streets.
    Road,
    /// Buildings.
    Building,
    /// What takes the place of all that was there.
    Renewal,
}

/// Why ground changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// It does not: it was so at the first date.
    None,
    House,
    HousingEstate,
    ActivityZone,
    LogisticsZone,
    SolarField,
    FarmBuilding,
    BuildingSite,
    BuildingSiteCompleted,
    RoadWidening,
    QuarryExtension,
    QuarryRestoration,
    Renaturation,
    ClearCut,
    VineyardGrubbedUp,
}

impl Event {
    /// The name of the event in the truth.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::House => "house",
            Self::HousingEstate => "housing-estate",
            Self::ActivityZone => "activity-zone",
            Self::LogisticsZone => "logistics-zone",
            Self::SolarField => "solar-field",
            Self::FarmBuilding => "farm-building",
            Self::BuildingSite => "building-site",
            Self::BuildingSiteCompleted => "building-site-completed",
            Self::RoadWidening => "road-widening",
            Self::QuarryExtension => "quarry-extension",
            Self::QuarryRestoration => "quarry-restoration",
            Self::Renaturation => "renaturation",
            Self::ClearCut => "clear-cut",
            Self::VineyardGrubbedUp => "vineyard-grubbed-up",
        }
    }
}

/// From which date on a shape is there, and why it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since {
    /// Number of the date; 0 for what was there from the beginning.
    pub(super) date: usize,
    pub(super) event: Event,
}

impl Since {
    /// There from the beginning.
    pub(super) const BEGINNING: Self = Self {
        date: 0,
        event: Event::None,
    };

    /// Come between date `date − 1` and date `date`.
    pub(super) const fn date(date: usize, event: Event) -> Self {
        Self { date, event }
    }
}

/// Faces narrower or smaller than these are left by shapes that nearly meet; they become part of a
/// neighbour, m².
const LEAST_AREA: i64 = 90;
/// How often pieces below the minimum unit are given away: what they are given to may be one too.
const PASSES: usize = 3;
/// The minimum units of OCS GE: buildings, in the zone construite, elsewhere, m².
const UNIT_BUILT: i64 = 200;
const UNIT_IN_ZONE: i64 = 500;
const UNIT_ELSEWHERE: i64 = 2_500;
/// How far the zone construite reaches beyond a building, m.
const ZONE_REACH: f64 = 22.0;
/// Least area of a zone construite, and of a hole in one, m².
const LEAST_ZONE: i64 = 2_500;

/// What a vintage tells apart: ground, and whether it is of the skeleton.
type Look = (Ground, bool);

#[derive(Clone, Copy)]
struct Item {
    ground: Ground,
    layer: Layer,
    since: Since,
    ossature: bool,
}

/// A cell being painted.
pub(super) struct Scene {
    outline: Vec<Point>,
    builder: Builder,
    items: Vec<Item>,
    zones: Vec<(Vec<Point>, usize)>,
    /// What is there that no polygon tells.
    pub(super) register: Register,
}

/// A polygon of a vintage.
#[derive(Clone)]
pub(super) struct Object {
    pub(super) ground: Ground,
    pub(super) ossature: bool,
    pub(super) polygon: Polygon,
}

/// A polygon of ground that changed between two successive dates.
pub(super) struct Change {
    pub(super) before: Ground,
    pub(super) after: Ground,
    pub(super) event: Event,
    pub(super) polygon: Polygon,
}

/// A finished cell.
pub(super) struct Picture {
    /// Its limit, counter-clockwise, closed, with the vertices that its objects have there.
    pub(super) outline: Vec<Point>,
    /// Its objects at each date.
    pub(super) objects: Vec<Vec<Object>>,
    /// Its zones construites at each date.
    pub(super) zones: Vec<Vec<Polygon>>,
    /// What changed, by period.
    pub(super) changes: Vec<Vec<Change>>,
    /// Its registers, of all dates.
    pub(super) register: Register,
}

impl Scene {
    /// A cell of nothing but fields.
    pub(super) fn new(outline: Vec<Point>) -> Self {
        let mut scene = Self {
            outline,
            builder: Builder::new(),
            items: Vec::new(),
            zones: Vec::new(),
            register: Register::default(),
        };
        let frame = scene.item(Layer::Land, FIELD, Since::BEGINNING, false);
        scene.builder.ring(frame, &scene.outline);
        scene
    }

    fn item(&mut self, layer: Layer, ground: Ground, since: Since, ossature: bool) -> ItemId {
        self.items.push(Item {
            ground,
            layer,
            since,
            ossature,
        });
        self.builder.item()
    }

    /// Paints a ring.
    pub(super) fn paint(&mut self, layer: Layer, ground: Ground, since: Since, ring: &[Vector]) {
        let item = self.item(layer, ground, since, false);
        self.builder.ring(item, &to_grid(ring));
    }

    /// Paints what segments enclose.
    pub(super) fn paint_contour(
        &mut self,
        layer: Layer,
        ground: Ground,
        since: Since,
        contour: &[(Point, Point)],
    ) {
        let item = self.item(layer, ground, since, false);
        for &(p, q) in contour {
            self.builder.segment(item, p, q);
        }
    }

    /// Paints a part of the skeleton of the territory: a main road, a railway.
    pub(super) fn paint_ossature(&mut self, layer: Layer, ground: Ground, ring: &[Vector]) {
        let item = self.item(layer, ground, Since::BEGINNING, true);
        self.builder.ring(item, &to_grid(ring));
    }

    /// Paints a building, around which the ground is zone construite.
    pub(super) fn build(&mut self, ground: Ground, since: Since, building: &Quad) {
        self.paint(Layer::Building, ground, since, building);
        self.zone(since, building);
    }

    /// Makes the surroundings of a rectangle zone construite.
    pub(super) fn zone(&mut self, since: Since, building: &Quad) {
        let (along, into) = (
            (building[1] - building[0]).unit() * ZONE_REACH,
            (building[3] - building[0]).unit() * ZONE_REACH,
        );
        // An octagon: the corners of what lies around are cut.
        let ring = [
            building[0] - into,
            building[1] - into,
            building[1] + along,
            building[2] + along,
            building[2] + into,
            building[3] + into,
            building[3] - along,
            building[0] - along,
        ];
        self.zones.push((to_grid(&ring), since.date));
    }

    /// Makes the picture of the cell at each of `dates` dates.
    pub(super) fn finish(self, dates: usize) -> Picture {
        let zones = zones(&self.outline, &self.zones, dates);
        let overlay = self.builder.build();
        let mut faces = Faces::new(&overlay, &self.items, dates);
        faces.settle();
        Picture {
            outline: faces.outline(),
            objects: (0..dates).map(|date| faces.objects(date)).collect(),
            zones,
            changes: (1..dates).map(|date| faces.changes(date)).collect(),
            register: self.register,
        }
    }
}

/// The faces of a painted cell, and the item that shows on each of them at each date.
struct Faces<'a> {
    partition: &'a Partition,
    items: &'a [Item],
    /// The history of each face, by number; that of faces beyond the cell is 0, and empty.
    histories: Vec<u32>,
    /// The histories: the item that shows at each date.
    tops: Vec<Vec<ItemId>>,
}

impl<'a> Faces<'a> {
    fn new(overlay: &'a Overlay, items: &'a [Item], dates: usize) -> Self {
        let partition = &overlay.partition;
        let mut numbers: BTreeMap<Vec<ItemId>, u32> = BTreeMap::new();
        let mut tops = vec![Vec::new()];
        let histories = (0..partition.face_count() as FaceId)
            .map(|face| {
                let covering = overlay.items(face);
                // The first item is the cell itself.
                if covering.first() != Some(&0) {
                    return 0;
                }
                let history: Vec<ItemId> =
                    (0..dates).map(|date| top(items, covering, date)).collect();
                *numbers.entry(history).or_insert_with_key(|history| {
                    tops.push(history.clone());
                    tops.len() as u32 - 1
                })
            })
            .collect();
        Self {
            partition,
            items,
            histories,
            tops,
        }
    }

    /// Gives the smallest pieces of ground to the neighbour with which they share most of their
    /// limit; then those by which ground changes to something smaller than its minimum unit.
    fn settle(&mut self) {
        let merged = self.by_look();
        let is_small = |piece: FaceId| {
            merged.partition.area(piece) < LEAST_AREA * HALF_CM2_PER_M2
                && !self
                    .history(&merged, piece)
                    .iter()
                    .any(|&item| self.items[item as usize].layer == Layer::Building)
        };
        let small: Vec<bool> = pieces(&merged).map(is_small).collect();
        self.give_away(&merged, &small);
        for _ in 0..PASSES {
            let merged = self.by_look();
            let below_unit = self.below_unit(&merged);
            if !below_unit.contains(&true) {
                break;
            }
            self.give_away(&merged, &below_unit);
        }
    }

    /// Merges faces that look the same at every date.
    fn by_look(&self) -> Dissolved {
        let looks = |history: &[ItemId]| -> Option<Vec<Look>> {
            (!history.is_empty()).then(|| history.iter().map(|&item| self.look(item)).collect())
        };
        self.merge(&number(&self.keys(looks)))
    }

    fn history(&self, merged: &Dissolved, piece: FaceId) -> &[ItemId] {
        &self.tops[self.histories[merged.members[piece as usize] as usize] as usize]
    }

    /// The pieces that change, at some date, to ground that is then smaller than its minimum unit.
    fn below_unit(&self, merged: &Dissolved) -> Vec<bool> {
        let mut below = vec![false; merged.members.len()];
        for date in 1..self.tops.iter().map(Vec::len).max().unwrap_or(0) {
            let look = |history: &[ItemId]| history.get(date).map(|&item| self.look(item).0);
            let states = self.merge(&number(&self.keys(look)));
            for piece in pieces(merged) {
                let history = self.history(merged, piece);
                let (Some(&was), Some(&is)) = (history.get(date - 1), history.get(date)) else {
                    continue;
                };
                let state = states.merged[merged.members[piece as usize] as usize];
                let unit = unit(&self.items[is as usize]) * HALF_CM2_PER_M2;
                below[piece as usize] |=
                    self.look(was).0 != self.look(is).0 && states.partition.area(state) < unit;
            }
        }
        below
    }

    /// Gives each of these pieces the history of the neighbour with which it shares most of its
    /// limit.
    fn give_away(&mut self, merged: &Dissolved, given: &[bool]) {
        let mut borders: BTreeMap<(FaceId, FaceId), f64> = BTreeMap::new();
        for e in 0..merged.partition.edge_count() {
            let length = merged.partition.edge_length(e);
            let (left, right) = merged.partition.sides(e);
            for (piece, other) in [(left, right), (right, left)] {
                let both_are_ground = !self.history(merged, piece).is_empty()
                    && !self.history(merged, other).is_empty();
                if both_are_ground && given[piece as usize] && !given[other as usize] {
                    *borders.entry((piece, other)).or_default() += length;
                }
            }
        }
        let mut heirs: BTreeMap<FaceId, (f64, FaceId)> = BTreeMap::new();
        for ((piece, other), length) in borders {
            let heir = heirs.entry(piece).or_insert((length, other));
            if length > heir.0 {
                *heir = (length, other);
            }
        }
        let histories: Vec<Option<u32>> = (0..self.histories.len())
            .map(|face| {
                let (_, heir) = heirs.get(&merged.merged[face])?;
                Some(self.histories[merged.members[*heir as usize] as usize])
            })
            .collect();
        for (history, heir) in self.histories.iter_mut().zip(histories) {
            *history = heir.unwrap_or(*history);
        }
    }

    /// The objects at a date: connected ground of one cover, one use and one part in the skeleton.
    fn objects(&self, date: usize) -> Vec<Object> {
        let look = |history: &[ItemId]| history.get(date).map(|&item| self.look(item));
        self.pieces(look, |&(ground, ossature), polygon| Object {
            ground,
            ossature,
            polygon,
        })
    }

    /// What changed between the date before and a date.
    fn changes(&self, date: usize) -> Vec<Change> {
        let look = |history: &[ItemId]| {
            let (&before, &after) = (history.get(date - 1)?, history.get(date)?);
            let (before, after) = (&self.items[before as usize], &self.items[after as usize]);
            let change = (before.ground, after.ground, after.since.event);
            (before.ground != after.ground).then_some(change)
        };
        self.pieces(look, |&(before, after, event), polygon| Change {
            before,
            after,
            event,
            polygon,
        })
    }

    fn look(&self, item: ItemId) -> Look {
        let item = self.items[item as usize];
        (item.ground, item.ossature)
    }

    /// The key of each history.
    fn keys<K>(&self, key: impl Fn(&[ItemId]) -> Option<K>) -> Vec<Option<K>> {
        self.tops.iter().map(|history| key(history)).collect()
    }

    /// Merges faces whose histories have the same number.
    fn merge(&self, numbers: &[u32]) -> Dissolved {
        let keys: Vec<u32> = self
            .histories
            .iter()
            .map(|&h| numbers[h as usize])
            .collect();
        self.partition.dissolve(&keys)
    }

    /// The polygons of connected ground of one key, in the order of their smallest edges.
    fn pieces<K: Ord, T>(
        &self,
        key: impl Fn(&[ItemId]) -> Option<K>,
        make: impl Fn(&K, Polygon) -> T,
    ) -> Vec<T> {
        let keys = self.keys(key);
        let merged = self.merge(&number(&keys));
        let faces = 0..merged.partition.face_count() as FaceId;
        faces
            .filter_map(|face| {
                let history = self.histories[merged.members[face as usize] as usize];
                let key = keys[history as usize].as_ref()?;
                Some(make(key, merged.partition.polygon(face)?))
            })
            .collect()
    }

    /// The limit of the cell, with the vertices that its objects have there.
    fn outline(&self) -> Vec<Point> {
        let inside = self.keys(|history| (!history.is_empty()).then_some(()));
        let merged = self.merge(&number(&inside));
        merged
            .partition
            .polygon(1)
            .map_or(Vec::new(), |polygon| polygon.exterior)
    }
}

/// The merged faces.
fn pieces(merged: &Dissolved) -> impl Iterator<Item = FaceId> + use<> {
    0..merged.members.len() as FaceId
}

/// The minimum unit of ground that comes with an item, m².
fn unit(item: &Item) -> i64 {
    match item.layer {
        Layer::Building if item.ground.cover == cover::BUILT => UNIT_BUILT,
        Layer::Land | Layer::Nature | Layer::Parcel => UNIT_ELSEWHERE,
        _ => UNIT_IN_ZONE,
    }
}

/// Numbers values from 1, equal ones alike; 0 stands for none.
fn number<K: Ord>(keys: &[Option<K>]) -> Vec<u32> {
    let mut numbers: BTreeMap<&K, u32> = BTreeMap::new();
    keys.iter()
        .map(|key| {
            let next = numbers.len() as u32 + 1;
            key.as_ref()
                .map_or(0, |key| *numbers.entry(key).or_insert(next))
        })
        .collect()
}

/// The item that shows at a date among those that cover a face.
fn top(items: &[Item], covering: &[ItemId], date: usize) -> ItemId {
    covering
        .iter()
        .copied()
        .filter(|&item| items[item as usize].since.date <= date)
        .max_by_key(|&item| (items[item as usize].layer, item))
        // The cell itself is there from the beginning.
        .unwrap_or(0)
}

/// The zones construites at each date: the surroundings of all buildings, without the smallest
/// zones and holes.
fn zones(
    outline: &[Point],
    surroundings: &[(Vec<Point>, usize)],
    dates: usize,
) -> Vec<Vec<Polygon>> {
    let mut builder = Builder::new();
    let frame = builder.item();
    builder.ring(frame, outline);
    for (ring, _) in surroundings {
        let item = builder.item();
        builder.ring(item, ring);
    }
    let overlay = builder.build();
    let at = |date: usize| {
        let is_zone = |face: FaceId| match overlay.items(face) {
            [0, around @ ..] => around
                .iter()
                .any(|&item| surroundings[item as usize - 1].1 <= date),
            _ => false,
        };
        let faces = 0..overlay.partition.face_count() as FaceId;
        let keys: Vec<u32> = faces.map(|face| u32::from(is_zone(face))).collect();
        let merged = overlay.partition.dissolve(&keys);
        (0..merged.partition.face_count() as FaceId)
            .filter(|&face| keys[merged.members[face as usize] as usize] == 1)
            .filter_map(|face| merged.partition.polygon(face))
            .filter_map(without_trifles)
            .collect()
    };
    (0..dates).map(at).collect()
}

/// A zone without its small holes; none when it is small itself.
fn without_trifles(mut zone: Polygon) -> Option<Polygon> {
    let least = LEAST_ZONE * HALF_CM2_PER_M2;
    zone.holes.retain(|hole| signed_area(hole).abs() >= least);
    (zone.area() >= least).then_some(zone)
}
