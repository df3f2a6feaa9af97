//! What stands on the lots of a village: houses and gardens, and what serves everyone.

use super::cadastre::Lot;
use super::chance::{Chance, Draw};
use super::palette::{GARDEN, ROAD, cover, ground, usage};
use super::register::Holder;
use super::scene::{Layer, Scene, Since};
use super::shapes::ragged;

/// A house with a garden, in which trees may have grown.
pub(super) fn house(scene: &mut Scene, lot: &Lot, chance: &mut Chance) {
    let since = Since::BEGINNING;
    scene.paint(Layer::Lot, GARDEN, since, &lot.whole());
    let (back, side) = (lot.depth * 0.62, chance.between(0.0, 0.3) * lot.frontage);
    if chance.happens(0.42) {
        let trees = ragged(
            &lot.rectangle(
                (side, back),
                (lot.frontage - chance.between(0.0, 4.0), lot.depth),
            ),
            6.0,
            0.14,
            chance,
        );
        scene.paint(
            Layer::Lot,
            ground(cover::BROADLEAF, usage::RESIDENTIAL),
            since,
            &trees,
        );
    }
    dwelling(scene, lot, since, chance);
}

/// A house on a lot that was field: no tree has grown there yet.
pub(super) fn new_house(scene: &mut Scene, lot: &Lot, since: Since, chance: &mut Chance) {
    scene.paint(Layer::Lot, GARDEN, since, &lot.whole());
    // All of a new lot is zone construite, so that its garden is large enough to be told apart.
    scene.zone(since, &lot.whole());
    dwelling(scene, lot, since, chance);
}

/// The house itself, its drive, and now and then a pool.
fn dwelling(scene: &mut Scene, lot: &Lot, since: Since, chance: &mut Chance) {
    scene.register.hold(Holder::House, lot, since);
    let front = chance.between(4.0, 8.0).min(lot.depth * 0.2);
    let width = chance.between(13.0, 17.0).min(lot.frontage * 0.75);
    let depth = (chance.between(200.0, 235.0) / width).min(lot.depth * 0.6);
    let u = chance.between(0.1, 0.9) * (lot.frontage - width);
    let building = lot.rectangle((u, front), (u + width, front + depth));
    scene.build(ground(cover::BUILT, usage::RESIDENTIAL), since, &building);
    if chance.happens(0.45) {
        let drive = lot.rectangle((0.0, -2.0), (lot.frontage, front));
        scene.paint(
            Layer::Lot,
            ground(cover::PAVED, usage::RESIDENTIAL),
            since,
            &drive,
        );
    }
    if chance.happens(0.14) {
        let v = front + depth + 3.0;
        let pool = lot.rectangle((u + 2.0, v), (u + 12.0, v + 5.0));
        scene.paint(
            Layer::Building,
            ground(cover::WATER, usage::RESIDENTIAL),
            since,
            &pool,
        );
    }
}

/// A house of the old centre: on the street, with a yard behind.
pub(super) fn town_house(scene: &mut Scene, lot: &Lot, usage: &'static str, chance: &mut Chance) {
    let now = Since::BEGINNING;
    scene.register.hold(Holder::TownHouse(usage), lot, now);
    scene.paint(Layer::Lot, ground(cover::PAVED, usage), now, &lot.whole());
    let depth = chance.between(11.0, 15.0).min(lot.depth * 0.6);
    let building = lot.rectangle((0.0, 0.0), (lot.frontage * chance.between(0.8, 1.0), depth));
    scene.build(ground(cover::BUILT, usage), now, &building);
    if chance.happens(0.4) {
        let garden = lot.share((0.0, 0.6), (1.0, 1.0));
        scene.paint(Layer::Lot, GARDEN, now, &garden);
    }
}

/// A church, a town hall, a school.
pub(super) fn public_building(scene: &mut Scene, lot: &Lot, holder: Holder, chance: &mut Chance) {
    let now = Since::BEGINNING;
    scene.register.hold(holder, lot, now);
    scene.paint(
        Layer::Lot,
        ground(cover::PAVED, usage::TERTIARY),
        now,
        &lot.whole(),
    );
    let building = lot.share((0.15, 0.25), (chance.between(0.7, 0.9), 0.85));
    scene.build(ground(cover::BUILT, usage::TERTIARY), now, &building);
}

/// The village square.
pub(super) fn square(scene: &mut Scene, lot: &Lot) {
    let now = Since::BEGINNING;
    scene.register.hold(Holder::Square, lot, now);
    scene.paint(Layer::Road, ROAD, now, &lot.whole());
}

/// A public garden.
pub(super) fn park(scene: &mut Scene, lot: &Lot, chance: &mut Chance) {
    let now = Since::BEGINNING;
    scene.register.hold(Holder::Park, lot, now);
    scene.paint(
        Layer::Lot,
        ground(cover::GRASS, usage::TERTIARY),
        now,
        &lot.whole(),
    );
    let trees = ragged(&lot.share((0.1, 0.4), (0.9, 1.0)), 6.0, 0.15, chance);
    scene.paint(
        Layer::Lot,
        ground(cover::BROADLEAF, usage::TERTIARY),
        now,
        &trees,
    );
}
