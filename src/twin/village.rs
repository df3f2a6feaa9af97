//! A village: streets that branch from the roads that meet there, lots along them, houses on the
//! lots; first near the middle, then further out, and new ones at the edge as time goes by.

use super::cadastre::{Cadastre, Lot, Surroundings};
use super::canvas::Canvas;
use super::chance::{Chance, Draw};
use super::houses;
use super::palette::{ROAD, usage};
use super::plan::Growth;
use super::register::{Class, Holder, Holding, Way, Widening};
use super::scene::{Event, Layer, Scene, Since};
use super::shapes::{Vector, band, curve, distance, length, walk};
use super::sites::Site;

/// Houses of a hectare of village, streets included.
const HOUSES_PER_HECTARE: f64 = 9.0;
/// Half width of a street, m.
const STREET: f64 = 2.8;
/// Roads that are laid before the streets.
const MAIN_ROADS: usize = 3;
/// Ground built over in a period from which a road may be widened, m².
const WIDENED_FROM: f64 = 3_000.0;
/// Frontage and depth of a new house's lot where no street has one left, m.
const NEW_LOT: (f64, f64) = (26.0, 34.0);
/// What a road gains on each side when it is widened, m.
const WIDENING: f64 = 1.5;
/// Share of what is built over that goes, where it is much, to one large operation.
const OPERATION_SHARE: f64 = 0.5;

/// A village being laid out.
pub(super) struct Village<'a> {
    pub(super) middle: Vector,
    /// Houses at the first date.
    pub(super) houses: usize,
    pub(super) growth: &'a [Growth],
}

impl Village<'_> {
    /// How far its houses reach, about, m.
    pub(super) fn radius(&self) -> f64 {
        40.0 + (self.houses as f64 / HOUSES_PER_HECTARE * 10_000.0 / std::f64::consts::PI).sqrt()
    }

    /// Where what belongs to the village is built, beside its old centre.
    pub(super) fn edge(&self) -> Surroundings {
        let radius = self.radius();
        Surroundings {
            middle: self.middle,
            nearest: 0.35 * radius,
            farthest: 1.4 * radius,
        }
    }

    /// Where what the village would not have beside it is built.
    pub(super) fn away(&self) -> Surroundings {
        Surroundings {
            middle: self.middle,
            nearest: 1.15 * self.radius() + 50.0,
            farthest: f64::INFINITY,
        }
    }

    /// Lays the side streets, which branch from the roads there are and from one another.
    pub(super) fn lay_streets(&self, canvas: &mut Canvas) {
        let reach = self.radius();
        for generation in 0..3 {
            let parents = canvas.cadastre.roads.len();
            let nearer = reach * (1.1 - 0.2 * f64::from(generation));
            for parent in 0..parents {
                self.branch(&mut canvas.cadastre, parent, nearer, &mut canvas.chance);
            }
            for road in &canvas.cadastre.roads[parents..] {
                let street = band(&road.line, road.half_width);
                canvas
                    .scene
                    .paint(Layer::Road, ROAD, Since::BEGINNING, &street);
            }
        }
    }

    /// Lays the streets that branch from one.
    fn branch(&self, cadastre: &mut Cadastre, parent: usize, reach: f64, chance: &mut Chance) {
        let total = length(&cadastre.roads[parent].line);
        let mut station = chance.between(20.0, 60.0);
        let mut left = chance.happens(0.5);
        while station < total - 15.0 {
            let (start, along) = walk(&cadastre.roads[parent].line, station);
            let away = start.distance(self.middle);
            station += chance.between(62.0, 108.0);
            left = !left;
            if away > reach {
                continue;
            }
            let heading = if left {
                along.left()
            } else {
                along.left() * -1.0
            };
            let far = (reach * chance.between(0.9, 1.4) - away * 0.6).clamp(70.0, 320.0);
            let bend = heading.left() * chance.between(-0.35, 0.35);
            let end = start + (heading + bend) * far;
            let line = curve(
                (start, heading * (far * 0.4)),
                (end, (heading + bend * 2.0) * (far * 0.3)),
                12,
            );
            if let Some(line) = open_way(cadastre, parent, line) {
                let street = Way::new(Class::Street, line, STREET, Since::BEGINNING);
                cadastre.add_road(street);
            }
        }
    }

    /// Draws what the village is made of: its centre, its houses, and those that come later.
    pub(super) fn settle(&self, canvas: &mut Canvas) {
        let mut lots = self
            .lots(&mut canvas.cadastre, &mut canvas.chance)
            .into_iter();
        for (n, lot) in lots.by_ref().take(self.houses).enumerate() {
            self.furnish(&mut canvas.scene, &lot, n, &mut canvas.chance);
        }
        for (period, growth) in self.growth.iter().enumerate() {
            let date = period + 1;
            let mut rest = growth.built;
            if rest > WIDENED_FROM && canvas.chance.happens(0.15) {
                rest -= widen_road(canvas, date);
            }
            rest -= self.operation(canvas, rest, date);
            self.build_houses(canvas, &mut lots, rest, date);
            self.renature(canvas, growth.renatured, date);
        }
    }

    /// All lots that fit along the streets, about from the middle outward.
    fn lots(&self, cadastre: &mut Cadastre, chance: &mut Chance) -> Vec<Lot> {
        let mut lots = Vec::new();
        let reach = self.radius() * 1.6 + 60.0;
        for road in 0..cadastre.roads.len() {
            let total = length(&cadastre.roads[road].line);
            for left in [false, true] {
                let mut station = chance.between(4.0, 12.0);
                while station < total - 15.0 {
                    let away = walk(&cadastre.roads[road].line, station)
                        .0
                        .distance(self.middle);
                    let closeness = (1.0 - away / self.radius()).clamp(0.0, 1.0);
                    let frontage = chance.between(19.0, 29.0) - 7.0 * closeness;
                    let depth = chance.between(30.0, 44.0) - 9.0 * closeness;
                    let lot = cadastre.lot(road, station, left, (frontage, depth));
                    if away < reach && cadastre.is_free(&lot) {
                        cadastre.take(lot);
                        lots.push((away + chance.between(0.0, 50.0), lot));
                        station += frontage;
                    } else {
                        station += 9.0;
                    }
                }
            }
        }
        lots.sort_by(|a: &(f64, Lot), b| a.0.total_cmp(&b.0));
        lots.into_iter().map(|(_, lot)| lot).collect()
    }

    /// Draws a lot of the first date: public buildings first, then shops and flats, then houses.
    fn furnish(&self, scene: &mut Scene, lot: &Lot, number: usize, chance: &mut Chance) {
        let centre = (self.houses as f64).sqrt() as usize;
        match number {
            0 if self.houses > 8 => houses::public_building(scene, lot, Holder::TownHall, chance),
            1 if self.houses > 8 => houses::square(scene, lot),
            2 | 3 if self.houses > 40 => {
                houses::public_building(scene, lot, Holder::PublicBuilding, chance)
            }
            n if self.houses > 20 && n < centre => {
                houses::town_house(scene, lot, usage::MIXED, chance)
            }
            n if self.houses > 20 && n < 2 * centre => {
                houses::town_house(scene, lot, usage::RESIDENTIAL, chance)
            }
            n if n % 23 == 22 => {
                houses::public_building(scene, lot, Holder::PublicBuilding, chance)
            }
            n if n % 37 == 36 => houses::park(scene, lot, chance),
            _ => houses::house(scene, lot, chance),
        }
    }

    /// One large operation of a period, where enough is built; returns its area.
    fn operation(&self, canvas: &mut Canvas, built: f64, date: usize) -> f64 {
        let area = (built * OPERATION_SHARE * canvas.chance.between(0.7, 1.3)).min(60_000.0);
        if area < 2_500.0 {
            return 0.0;
        }
        let width = (area * 1.4).sqrt();
        let lot = canvas.find((width, area / width), &self.edge());
        let mut draft = canvas.draft(&lot);
        let houses = (width / 22.0) as usize;
        match draft.chance.below(10) {
            0..4 => draft.houses(Since::date(date, Event::HousingEstate), houses.max(2)),
            4 | 5 => {
                draft.break_ground(Since::date(date, Event::BuildingSite));
                // By the date after, where there is one, the houses stand.
                draft.houses(
                    Since::date(date + 1, Event::BuildingSiteCompleted),
                    houses.max(2),
                );
            }
            6 | 7 => {
                let since = Since::date(date, Event::ActivityZone);
                draft.hold(Site::Industry, since);
                draft.works(usage::SECONDARY, since);
            }
            8 => {
                let since = Since::date(date, Event::LogisticsZone);
                draft.hold(Site::Logistics, since);
                draft.warehouse(since);
            }
            _ => {
                let since = Since::date(date, Event::SolarField);
                draft.hold(Site::SolarField, since);
                draft.solar_field(since);
            }
        }
        lot.area()
    }

    /// A wasteland of this area at the first date, renatured at a later one.
    fn renature(&self, canvas: &mut Canvas, area: f64, date: usize) {
        if area > 0.0 {
            let width = (area * 1.3).sqrt();
            let lot = canvas.find((width, area / width), &self.away());
            canvas.scene.register.holdings.push(Holding {
                holder: Holder::Site(Site::Wasteland),
                lot,
                since: 0,
                until: Some(date),
            });
            canvas
                .draft(&lot)
                .renature(Since::date(date, Event::Renaturation));
        }
    }

    /// New houses on the next lots, until `area` is built over.
    fn build_houses(
        &self,
        canvas: &mut Canvas,
        lots: &mut impl Iterator<Item = Lot>,
        area: f64,
        date: usize,
    ) {
        let mut rest = area;
        while rest > 0.0 {
            let lot = lots
                .next()
                .unwrap_or_else(|| canvas.find(NEW_LOT, &self.edge()));
            // The last house is built as often as what is left of it to build.
            if rest < lot.area() && !canvas.chance.happens(rest / lot.area()) {
                return;
            }
            let since = Since::date(date, Event::House);
            houses::new_house(&mut canvas.scene, &lot, since, &mut canvas.chance);
            rest -= lot.area();
        }
    }
}

/// Widens a stretch of one of the roads that lead to the village; returns the ground that this
/// takes.
fn widen_road(canvas: &mut Canvas, date: usize) -> f64 {
    let number = canvas.chance.below(MAIN_ROADS);
    let Some(road) = canvas.cadastre.roads.get_mut(number) else {
        return 0.0;
    };
    let count = road.line.len();
    let first = canvas.chance.below(count / 2);
    let vertices = first..(first + count / 3 + 2).min(count);
    let stretch = &road.line[vertices.clone()];
    let half_width = road.half_width + WIDENING;
    let widened = band(stretch, half_width);
    let since = Since::date(date, Event::RoadWidening);
    canvas.scene.paint(Layer::Road, ROAD, since, &widened);
    let taken = 2.0 * WIDENING * length(stretch);
    road.widenings.push(Widening {
        vertices,
        half_width,
        since: date,
    });
    taken
}

/// The part of a street that may be laid: as far as the next road, which it joins, and at all only
/// where it keeps away from those beside it.
fn open_way(cadastre: &Cadastre, parent: usize, line: Vec<Vector>) -> Option<Vec<Vector>> {
    let mut open = vec![line[0]];
    for (n, &place) in line.iter().enumerate().skip(1) {
        for (other, road) in cadastre.roads.iter().enumerate() {
            let away = distance(place, &road.line);
            if other != parent && away < 14.0 {
                // Joined after a good length of street, given up when too near from the start.
                open.push(nearest(place, &road.line));
                return (n > 4).then_some(open);
            }
        }
        if cadastre.clearance(place) < 30.0 || cadastre.is_taken(place) {
            break;
        }
        open.push(place);
    }
    (length(&open) > 45.0).then_some(open)
}

/// The place on a line nearest to another.
fn nearest(place: Vector, line: &[Vector]) -> Vector {
    let total = length(line);
    let steps = (total / 2.0).ceil().max(1.0) as usize;
    (0..=steps)
        .map(|n| walk(line, total * n as f64 / steps as f64).0)
        .min_by(|a, b| a.distance(place).total_cmp(&b.distance(place)))
        .unwrap_or(place)
}
