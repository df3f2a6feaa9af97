//! The countryside of a cell: woods, heath, rock and snow where nature puts them; vines, orchards
//! and hedges by parcels; farms, tracks and ponds; and what becomes of them.

use super::cadastre::{Lot, Surroundings};
use super::canvas::Canvas;
use super::chance::{Chance, Draw};
use super::contour::{Lattice, Samples};
use super::palette::{
    FIELD, GARDEN, HEATH, HEDGE, MEADOW, ORCHARD, ROCK, VINEYARD, WATER, WOOD, cover, ground, usage,
};
use super::register::{Class, Holder, Way};
use super::relief::Relief;
use super::scene::{Event, Layer, Scene, Since};
use super::shapes::{Quad, Vector, area, band, blob, centre, ragged};

/// Farms of a km².
const FARMS_PER_KM2: f64 = 1.1;
/// Ponds of a km².
const PONDS_PER_KM2: f64 = 0.8;
/// Clear cuts of a km² of cell and year.
const CUTS_PER_KM2_AND_YEAR: f64 = 0.012;
/// Half width of a track, m.
const TRACK: f64 = 2.5;
/// Share of a farm's front that its yard takes.
const YARD: f64 = 0.68;
/// Share of the vineyards grubbed up in a year.
const GRUBBED_UP_PER_YEAR: f64 = 0.008;

/// The countryside of a cell, being painted.
pub(super) struct Countryside<'a> {
    pub(super) relief: &'a Relief,
    /// Corners of the lattice around the cell.
    pub(super) corners: Quad,
    pub(super) lattice: Lattice,
    /// The middle of the village, and how far the land around it is cleared.
    pub(super) clearing: (Vector, f64),
    /// The middle of the village, and how far its houses reach.
    pub(super) village: (Vector, f64),
    /// Years of each period.
    pub(super) periods: Vec<f64>,
}

impl Countryside<'_> {
    fn km2(&self) -> f64 {
        area(&self.corners) / 1e6
    }

    /// Positive where wood stands: not around the village.
    fn wood(&self, place: Vector) -> f64 {
        let (middle, reach) = self.clearing;
        let nearness = (1.0 - place.distance(middle) / reach.max(1.0)).max(0.0);
        self.relief.wood(place) - 1.2 * nearness
    }

    /// Paints woods, heath, rock and snow.
    pub(super) fn paint_nature(&self, scene: &mut Scene, chance: &mut Chance) {
        let now = Since::BEGINNING;
        let wood = self.lattice.sample(|p| self.wood(p));
        let conifer = self.lattice.sample(|p| self.relief.conifer(p));
        let mut paint = |samples: &Samples, ground| {
            if samples.is_somewhere() {
                scene.paint_contour(Layer::Nature, ground, now, &samples.contour());
            }
        };
        // A fringe of shrubs where the wood thins out, on one side of it or the other.
        let fringe = wood.combine(&conifer, |w, c| (w + 0.05).min(0.3 * c.abs() - 0.06));
        paint(&fringe, HEATH);
        paint(&wood, ground(cover::BROADLEAF, usage::FORESTRY));
        paint(
            &wood.and(&conifer.map(|v| v + 0.12)),
            ground(cover::MIXED, usage::FORESTRY),
        );
        paint(&wood.and(&conifer), ground(cover::CONIFER, usage::FORESTRY));
        // Where wood is sparse no one tends it.
        let wild = wood.combine(&conifer, |w, c| w.min(0.06 - w).min(0.1 - c));
        paint(&wild, WOOD);
        if self.relief.altitude(self.clearing.0).is_some() {
            let rock = self.lattice.sample(|p| self.relief.rock(p));
            let lawn = rock.combine(&wood, |r, w| (r + 0.1).min(-w));
            paint(&lawn.and(&conifer.map(|v| v + 0.2)), MEADOW);
            paint(&lawn.and(&conifer.map(|v| v - 0.15)), HEATH);
            paint(&rock, ROCK);
            paint(
                &self.lattice.sample(|p| self.relief.snow(p)),
                ground(cover::SNOW, usage::NONE),
            );
        }
        self.cut_wood(scene, &wood, chance);
    }

    /// Clear cuts, by period: round patches of wood that become grass and brambles.
    fn cut_wood(&self, scene: &mut Scene, wood: &Samples, chance: &mut Chance) {
        for (period, years) in self.periods.iter().enumerate() {
            let mut expected = CUTS_PER_KM2_AND_YEAR * years * self.km2() * 3.0;
            while chance.happens(expected) {
                expected -= 1.0;
                let middle = self.anywhere(chance);
                let radius = chance.between(45.0, 110.0);
                let near = self
                    .lattice
                    .sample(|p| (radius - p.distance(middle)) / 100.0);
                let cut = wood.and(&near);
                if cut.is_somewhere() {
                    // A fresh cut is herbaceous, as the class lists of imagery have it.
                    let since = Since::date(period + 1, Event::ClearCut);
                    let cut = cut.contour();
                    let ground = ground(cover::GRASS, usage::FORESTRY);
                    scene.paint_contour(Layer::Nature, ground, since, &cut);
                }
            }
        }
    }

    /// Somewhere in the cell.
    fn anywhere(&self, chance: &mut Chance) -> Vector {
        let [a, b, c, d] = self.corners;
        let (s, t) = (chance.between(0.06, 0.94), chance.between(0.06, 0.94));
        a.on_the_way(b, s).on_the_way(d.on_the_way(c, s), t)
    }

    /// Paints parcels, and the hedges, tracks and groves along them.
    pub(super) fn paint_parcels(&self, scene: &mut Scene, chance: &mut Chance) {
        // The parcels reach beyond the cell, which cuts them off at its roads.
        let middle = centre(&self.corners);
        let field = self.corners.map(|corner| middle + (corner - middle) * 1.06);
        let mut parcels = Vec::new();
        split(field, chance, &mut parcels);
        for parcel in &parcels {
            self.paint_parcel(scene, parcel, chance);
        }
        for parcel in &parcels {
            self.border(scene, parcel, chance);
        }
        scene.register.parcels = parcels;
    }

    fn paint_parcel(&self, scene: &mut Scene, parcel: &Quad, chance: &mut Chance) {
        let middle = centre(parcel);
        let is_village =
            middle.distance(self.village.0) < self.village.1 + area(parcel).sqrt() / 2.0;
        if is_village || self.wood(middle) > -0.02 || self.relief.is_high(middle) {
            return;
        }
        let now = Since::BEGINNING;
        let vines = self.relief.vines(middle);
        let draw = chance.between(0.0, 1.0);
        if draw < (0.10 + 1.2 * vines).clamp(0.02, 0.55) {
            scene.paint(Layer::Parcel, VINEYARD, now, parcel);
            for (period, years) in self.periods.iter().enumerate() {
                if chance.happens(GRUBBED_UP_PER_YEAR * years) {
                    let since = Since::date(period + 1, Event::VineyardGrubbedUp);
                    scene.paint(Layer::Parcel, FIELD, since, parcel);
                    break;
                }
            }
        } else if draw > 0.97 {
            scene.paint(Layer::Parcel, ORCHARD, now, parcel);
        } else if draw > 0.94 {
            scene.paint(Layer::Parcel, MEADOW, now, parcel);
        } else if draw > 0.92 {
            scene.paint(Layer::Parcel, HEATH, now, parcel);
        } else if draw > 0.905 {
            scene.paint(
                Layer::Parcel,
                ground(cover::BROADLEAF, usage::FORESTRY),
                now,
                parcel,
            );
        }
    }

    /// What grows or runs along a parcel.
    fn border(&self, scene: &mut Scene, parcel: &Quad, chance: &mut Chance) {
        let hedged = (0.42 + 1.0 * self.relief.bocage(parcel[0])).clamp(0.1, 0.85);
        for n in [0, 1] {
            let (start, end) = (parcel[n], parcel[n + 1]);
            let middle = start.on_the_way(end, 0.5);
            if self.wood(middle) > -0.05 || self.relief.is_high(middle) {
                continue;
            }
            if chance.happens(hedged) {
                let (from, to) = (chance.between(0.0, 0.4), chance.between(0.6, 1.0));
                hedge(
                    scene,
                    start.on_the_way(end, from),
                    start.on_the_way(end, to),
                    chance,
                );
            } else if chance.happens(0.09) {
                let line = [start, start.on_the_way(end, 0.5), end];
                let track = ground(cover::MINERAL, usage::ROAD);
                scene.paint(Layer::Rail, track, Since::BEGINNING, &band(&line, TRACK));
                let way = Way::new(Class::Track, line.to_vec(), TRACK, Since::BEGINNING);
                scene.register.ways.push(way);
            }
        }
        if chance.happens(0.45) {
            let place = parcel[0].on_the_way(parcel[2], chance.between(0.05, 0.95));
            if self.wood(place) < -0.04 && !self.relief.is_high(place) {
                let grove = blob(place, chance.between(13.0, 34.0), 0.35, chance);
                let ground = if chance.happens(0.7) { WOOD } else { HEATH };
                scene.paint(Layer::Parcel, ground, Since::BEGINNING, &grove);
            }
        }
    }

    /// Farms along the roads, each with its house and garden.
    pub(super) fn settle_farms(&self, canvas: &mut Canvas, surroundings: &Surroundings) {
        let count = FARMS_PER_KM2 * self.km2() * canvas.chance.between(0.5, 1.5);
        for _ in 0..count.round().max(1.0) as usize {
            let size = (
                canvas.chance.between(60.0, 85.0),
                canvas.chance.between(50.0, 70.0),
            );
            let lot = canvas.find(size, surroundings);
            farm(canvas, &lot, self.periods.len());
        }
    }

    /// Ponds.
    pub(super) fn dig_ponds(&self, scene: &mut Scene, chance: &mut Chance) {
        for _ in 0..(PONDS_PER_KM2 * self.km2() * chance.between(0.4, 1.6)).round() as usize {
            let place = self.anywhere(chance);
            if place.distance(self.village.0) > self.village.1 && !self.relief.is_high(place) {
                let pond = blob(place, chance.between(12.0, 36.0), 0.25, chance);
                scene.paint(Layer::Water, WATER, Since::BEGINNING, &pond);
            }
        }
    }
}

/// Cuts land in two again and again, across its longer sides, down to parcels.
fn split(land: Quad, chance: &mut Chance, parcels: &mut Vec<Quad>) {
    let [a, b, c, d] = land;
    if area(&land) < chance.between(14_000.0, 60_000.0) {
        parcels.push(land);
        return;
    }
    let (s, t) = (chance.between(0.36, 0.64), chance.between(-0.07, 0.07));
    let (low, high) = (s, (s + t).clamp(0.3, 0.7));
    if a.distance(b) + d.distance(c) > b.distance(c) + a.distance(d) {
        let (p, q) = (a.on_the_way(b, low), d.on_the_way(c, high));
        split([a, p, q, d], chance, parcels);
        split([p, b, c, q], chance, parcels);
    } else {
        let (p, q) = (a.on_the_way(d, low), b.on_the_way(c, high));
        split([a, b, q, p], chance, parcels);
        split([p, q, c, d], chance, parcels);
    }
}

/// A hedge, ten metres wide and ragged.
fn hedge(scene: &mut Scene, start: Vector, end: Vector, chance: &mut Chance) {
    let half_width = chance.between(4.5, 7.5);
    let ring = ragged(&band(&[start, end], half_width), 22.0, 0.1, chance);
    scene.paint(Layer::Parcel, HEDGE, Since::BEGINNING, &ring);
}

/// A yard, barns, the farmer's house, and a barn that may come later.
fn farm(canvas: &mut Canvas, lot: &Lot, periods: usize) {
    let (scene, chance) = (&mut canvas.scene, &mut canvas.chance);
    let now = Since::BEGINNING;
    let (yard, garden) = (
        lot.part((0.0, 0.0), (YARD, 1.0)),
        lot.part((YARD, 0.0), (1.0, 1.0)),
    );
    scene.register.hold(Holder::Farmyard, &yard, now);
    scene.register.hold(Holder::House, &garden, now);
    let barn = ground(cover::BUILT, usage::FARMING);
    let yard = if chance.happens(0.6) {
        cover::MINERAL
    } else {
        cover::PAVED
    };
    scene.paint(
        Layer::Lot,
        ground(yard, usage::FARMING),
        now,
        &lot.rectangle((0.0, -2.0), (lot.frontage * YARD, lot.depth)),
    );
    scene.build(barn, now, &lot.share((0.05, 0.5), (0.55, 0.85)));
    scene.build(barn, now, &lot.share((0.05, 0.1), (0.28, 0.4)));
    scene.paint(
        Layer::Lot,
        GARDEN,
        now,
        &lot.rectangle((lot.frontage * YARD, -2.0), (lot.frontage, lot.depth)),
    );
    scene.build(
        ground(cover::BUILT, usage::RESIDENTIAL),
        now,
        &lot.share((0.74, 0.2), (0.95, 0.45)),
    );
    if chance.happens(0.6) {
        let trees = ragged(&lot.share((0.7, 0.6), (1.05, 1.1)), 7.0, 0.15, chance);
        scene.paint(
            Layer::Lot,
            ground(cover::BROADLEAF, usage::RESIDENTIAL),
            now,
            &trees,
        );
    }
    for date in 1..=periods {
        if chance.happens(0.02) {
            let since = Since::date(date, Event::FarmBuilding);
            scene.build(barn, since, &lot.share((0.0, 1.02), (0.4, 1.25)));
            break;
        }
    }
}
