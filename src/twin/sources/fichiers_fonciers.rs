//! The Fichiers fonciers, of DGFiP and Cerema: parcels, and the premises that are taxed there.

use super::{Field, Layer, Product, Record, Shape, Survey, polygon};
use crate::publish::{ColumnType, LayerKind};
use crate::twin::chance::{Chance, Draw, Subject};
use crate::twin::palette::usage;
use crate::twin::register::{Holder, Holding};
use crate::twin::sites::{Site, WHOLE};

/// What the tax office knows.
pub(super) const PRODUCT: Product = Product {
    name: "fichiers_fonciers",
    layers: &[Layer {
        name: "parcelles",
        kind: LayerKind::Polygon,
        columns: &[
            ("idpar", ColumnType::Text),
            ("dcntpa", ColumnType::Real),
            ("nlocmaison", ColumnType::Integer),
            ("nlocappt", ColumnType::Integer),
            ("nloccom", ColumnType::Integer),
            ("nloccomsec", ColumnType::Integer),
            ("nloccomter", ColumnType::Integer),
            ("nlocdep", ColumnType::Integer),
            ("stoth", ColumnType::Real),
            ("stotp", ColumnType::Real),
            ("jannatmin", ColumnType::Integer),
        ],
    }],
    survey: |survey| {
        let holdings = survey.picture.register.holdings.iter().enumerate();
        vec![
            holdings
                .filter(|(_, holding)| holding.since <= survey.date)
                .filter_map(|(number, holding)| parcel(survey, number, holding))
                .collect(),
        ]
    },
};

/// Share of the parcels whose premises were not found,
const NOT_FOUND: f64 = 0.02;
/// and of those whose premises are told to be of another kind.
const MISTAKEN: f64 = 0.015;
/// Share of the public buildings that pay no tax, and are not known.
const UNTAXED: f64 = 0.3;
/// Oldest building.
const OLDEST: f64 = 1_850.0;

/// The premises on a parcel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Premises {
    pub(super) houses: i32,
    pub(super) flats: i32,
    /// Workshops, works.
    secondary: i32,
    /// Shops, offices, warehouses.
    tertiary: i32,
    /// Garages, cellars, barns.
    outbuildings: i32,
    /// Floor of dwellings, m².
    dwelling: f64,
    /// Floor of the rest, m².
    professional: f64,
}

impl Premises {
    /// Business premises, and their floor.
    fn business(secondary: i32, tertiary: i32, floor: f64) -> Self {
        Self {
            secondary,
            tertiary,
            professional: floor.round(),
            ..Self::default()
        }
    }

    fn are_none(&self) -> bool {
        self.houses + self.flats + self.secondary + self.tertiary + self.outbuildings == 0
    }
}

/// The premises of a holding as they truly are; none where it is no parcel of its own.
pub(super) fn premises(survey: &Survey, holding: &Holding) -> Option<Premises> {
    let chance = &mut survey.chance(Subject::Premises, holding.lot.centre().to_grid());
    let area = holding.lot.area();
    let works = |count: i32, share: f64| Premises::business(count, 0, area * share);
    let shops = |count: i32, share: f64| Premises::business(0, count, area * share);
    Some(match holding.holder {
        Holder::House => Premises {
            houses: 1,
            outbuildings: chance.below(3) as i32,
            dwelling: chance.between(80.0, 190.0).round(),
            ..Premises::default()
        },
        Holder::TownHouse(usage) => {
            let (flats, floor) = (1 + chance.below(4) as i32, chance.between(150.0, 260.0));
            let share = match usage {
                usage::MIXED => chance.between(0.35, 0.65),
                _ => 0.0,
            };
            Premises {
                houses: i32::from(flats == 1),
                flats: if flats == 1 { 0 } else { flats },
                tertiary: i32::from(share > 0.0),
                outbuildings: chance.below(2) as i32,
                dwelling: (floor * (1.0 - share)).round(),
                professional: (floor * share).round(),
                ..Premises::default()
            }
        }
        Holder::Site(Site::Centre) => Premises {
            flats: 4 + chance.below(8) as i32,
            tertiary: 2 + chance.below(4) as i32,
            dwelling: (area * chance.between(0.2, 0.3)).round(),
            professional: (area * chance.between(0.2, 0.3)).round(),
            ..Premises::default()
        },
        Holder::TownHall | Holder::PublicBuilding | Holder::Site(Site::SportsGround) => {
            match chance.happens(UNTAXED) {
                true => Premises::default(),
                false => shops(1, 0.2),
            }
        }
        Holder::Farmyard => Premises {
            outbuildings: 1 + chance.below(3) as i32,
            ..Premises::default()
        },
        Holder::Site(site) => match site {
            Site::Industry => works(1 + chance.below(3) as i32, 0.3),
            Site::Quarry | Site::Composting | Site::WaterWorks => works(1, 0.02),
            Site::Wasteland => works(1, 0.12),
            Site::Logistics => shops(1, 0.35),
            Site::Aerodrome => shops(2, 0.01),
            Site::CableStation | Site::Port => shops(1, 0.1),
            Site::ForestNursery | Site::FishPonds => Premises {
                outbuildings: 1,
                ..Premises::default()
            },
            Site::SolarField | Site::UnknownUse | Site::Station | Site::Cemetery => {
                Premises::default()
            }
            // Nature, fields, and lots that are cut up as they are built on.
            _ => return None,
        },
        Holder::Square => return None,
        Holder::Park => Premises::default(),
    })
}

/// A parcel as it is told.
fn parcel(survey: &Survey, number: usize, holding: &Holding) -> Option<Record> {
    let truth = premises(survey, holding)?;
    let mut chance = survey.chance(Subject::Tax, holding.lot.centre().to_grid());
    let (draw, surveyed) = (chance.between(0.0, 1.0), chance.between(0.97, 1.03));
    let told = if draw < NOT_FOUND || !holding.is_held(survey.date) {
        Premises::default()
    } else if draw < NOT_FOUND + MISTAKEN {
        Premises {
            houses: truth.tertiary + truth.secondary,
            flats: 0,
            secondary: 0,
            tertiary: truth.houses + truth.flats,
            dwelling: truth.professional,
            professional: truth.dwelling,
            ..truth
        }
    } else {
        truth
    };
    let ring = holding.lot.share(WHOLE.0, WHOLE.1);
    Some(Record {
        shape: Shape::Area(polygon(&ring)),
        fields: vec![
            Field::Text(name(survey, number)),
            Field::Real((holding.lot.area() * surveyed).round()),
            Field::Integer(told.houses),
            Field::Integer(told.flats),
            Field::Integer(told.secondary + told.tertiary),
            Field::Integer(told.secondary),
            Field::Integer(told.tertiary),
            Field::Integer(told.outbuildings),
            Field::Real(told.dwelling),
            Field::Real(told.professional),
            match told.are_none() {
                true => Field::Empty,
                false => Field::Integer(year(survey, holding, &mut chance)),
            },
        ],
    })
}

/// The name of a parcel: its commune, its section, which is the cell, and its number there.
fn name(survey: &Survey, number: usize) -> String {
    let letter = |n: usize| char::from(b'A' + (n % 26) as u8);
    let (column, row) = survey.cell;
    let (commune, number) = (survey.commune, number + 1);
    format!("{commune}000{}{}{number:04}", letter(column), letter(row))
}

/// The year in which a holding was built.
fn year(survey: &Survey, holding: &Holding, chance: &mut Chance) -> i32 {
    let years = survey.years;
    let last = f64::from(years[holding.since]);
    let first = match holding.since.checked_sub(1) {
        Some(before) => f64::from(years[before]) + 1.0,
        None => OLDEST,
    };
    chance.between(first, last + 0.999) as i32
}
