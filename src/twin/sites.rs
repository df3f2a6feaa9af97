//! Works, networks and other sites that stand alone: each draws itself on a lot.

use super::cadastre::Lot;
use super::chance::{Chance, Draw};
use super::palette::{FIELD, HEATH, MEADOW, ROCK, VINEYARD, WATER, cover, ground, usage};
use super::register::{Class, Holder, Way};
use super::scene::{Event, Layer, Scene, Since};
use super::shapes::{blob, ragged};

/// A kind of site. Between them and the villages, every cover and every use occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    Centre,
    Quarry,
    Industry,
    Logistics,
    Aerodrome,
    SolarField,
    Composting,
    WaterWorks,
    FishPonds,
    Construction,
    Wasteland,
    CableStation,
    ForestNursery,
    UnknownUse,
    ReedBed,
    Neve,
    RockFace,
    Port,
    Stands,
    Hillside,
    Station,
    SportsGround,
    Cemetery,
}

use Site::*;

impl Site {
    /// Every kind.
    pub(super) const ALL: [Self; 23] = [
        Centre,
        Quarry,
        Industry,
        Logistics,
        Aerodrome,
        SolarField,
        Composting,
        WaterWorks,
        FishPonds,
        Construction,
        Wasteland,
        CableStation,
        ForestNursery,
        UnknownUse,
        ReedBed,
        Neve,
        RockFace,
        Port,
        Stands,
        Hillside,
        Station,
        SportsGround,
        Cemetery,
    ];

    /// A kind, drawn as often as it is met.
    pub(super) fn draw(chance: &mut Chance) -> Self {
        const MET: [Site; 22] = [
            Quarry,
            Industry,
            Industry,
            Logistics,
            SolarField,
            Composting,
            WaterWorks,
            WaterWorks,
            FishPonds,
            Construction,
            Construction,
            Wasteland,
            Wasteland,
            ForestNursery,
            UnknownUse,
            ReedBed,
            Stands,
            Stands,
            Hillside,
            SportsGround,
            SportsGround,
            Cemetery,
        ];
        MET[chance.below(MET.len())]
    }

    /// Whether it stands with the village rather than away from it.
    pub(super) fn is_of_village(self) -> bool {
        matches!(
            self,
            Centre | Construction | Port | Station | SportsGround | Cemetery
        )
    }

    /// Frontage and depth at full size, m.
    pub(super) fn size(self) -> (f64, f64) {
        match self {
            Centre => (90.0, 70.0),
            Quarry => (230.0, 190.0),
            Industry => (180.0, 140.0),
            Logistics => (210.0, 160.0),
            Aerodrome => (900.0, 190.0),
            SolarField => (210.0, 160.0),
            Composting => (90.0, 75.0),
            WaterWorks => (80.0, 60.0),
            FishPonds => (160.0, 100.0),
            Construction => (80.0, 65.0),
            Wasteland => (85.0, 65.0),
            CableStation => (60.0, 55.0),
            ForestNursery => (100.0, 80.0),
            UnknownUse => (60.0, 55.0),
            ReedBed => (130.0, 70.0),
            Neve => (80.0, 60.0),
            RockFace => (100.0, 60.0),
            Port => (140.0, 90.0),
            Stands => (240.0, 160.0),
            Hillside => (220.0, 150.0),
            Station => (160.0, 60.0),
            SportsGround => (150.0, 110.0),
            Cemetery => (70.0, 60.0),
        }
    }

    /// Draws the site.
    pub(super) fn paint(self, mut draft: Draft, dates: usize) {
        draft.hold(self, Since::BEGINNING);
        match self {
            Centre => draft.centre(),
            Quarry => draft.quarry(dates),
            Industry => draft.works(usage::SECONDARY, Since::BEGINNING),
            Logistics => draft.warehouse(Since::BEGINNING),
            Aerodrome => draft.aerodrome(),
            SolarField => draft.solar_field(Since::BEGINNING),
            Composting => draft.composting(),
            WaterWorks => draft.water_works(),
            FishPonds => draft.fish_ponds(),
            Construction => draft.building_site(dates),
            Wasteland => draft.wasteland(Since::BEGINNING),
            CableStation => draft.cable_station(),
            ForestNursery => draft.forest_nursery(),
            UnknownUse => draft.unknown_use(),
            ReedBed => draft.reed_bed(),
            Neve => draft.neve(),
            RockFace => draft.rock_face(),
            Port => draft.port(),
            Stands => draft.stands(),
            Hillside => draft.hillside(),
            Station => draft.station(),
            SportsGround => draft.sports_ground(),
            Cemetery => draft.cemetery(),
        }
    }
}

/// Corners of a rectangle in shares of the frontage and depth of a lot.
pub(super) type Corners = ((f64, f64), (f64, f64));

/// The whole of a lot.
pub(super) const WHOLE: Corners = ((0.0, 0.0), (1.0, 1.0));
/// Where a centre has its public services.
pub(super) const SERVICES: Corners = ((0.5, 0.0), (1.0, 1.0));
/// The runway of an aerodrome.
pub(super) const RUNWAY: Corners = ((0.02, 0.62), (0.98, 0.8));
/// The pitch of a sports ground,
pub(super) const PITCH: Corners = ((0.06, 0.3), (0.62, 0.92));
/// and where cars are left.
pub(super) const CAR_PARK: Corners = ((0.7, 0.0), (1.0, 0.4));

/// A site being drawn on a lot.
pub(super) struct Draft<'a> {
    pub(super) scene: &'a mut Scene,
    pub(super) lot: &'a Lot,
    pub(super) chance: &'a mut Chance,
}

impl Draft<'_> {
    /// Notes who holds the lot.
    pub(super) fn hold(&mut self, site: Site, since: Since) {
        self.scene
            .register
            .hold(Holder::Site(site), self.lot, since);
    }

    /// Grounds: a rectangle of the lot.
    fn lay(&mut self, codes: (&'static str, &'static str), (low, high): Corners, since: Since) {
        let ring = self.lot.share(low, high);
        self.scene
            .paint(Layer::Lot, ground(codes.0, codes.1), since, &ring);
    }

    /// The whole lot and the verge of the road before it.
    fn lay_all(&mut self, codes: (&'static str, &'static str), since: Since) {
        let ring = self.lot.whole();
        self.scene
            .paint(Layer::Lot, ground(codes.0, codes.1), since, &ring);
    }

    /// A building.
    fn build(&mut self, usage: &'static str, (low, high): Corners, since: Since) {
        let ring = self.lot.share(low, high);
        self.scene.build(ground(cover::BUILT, usage), since, &ring);
    }

    /// A patch with a ragged edge.
    fn spread(&mut self, codes: (&'static str, &'static str), (low, high): Corners, since: Since) {
        let ring = ragged(&self.lot.share(low, high), 9.0, 0.12, self.chance);
        self.scene
            .paint(Layer::Lot, ground(codes.0, codes.1), since, &ring);
    }

    fn centre(&mut self) {
        let now = Since::BEGINNING;
        self.lay_all((cover::PAVED, usage::MIXED), now);
        self.build(usage::MIXED, ((0.05, 0.1), (0.45, 0.45)), now);
        self.build(usage::MIXED, ((0.05, 0.6), (0.3, 0.95)), now);
        self.lay((cover::PAVED, usage::TERTIARY), SERVICES, now);
        self.build(usage::TERTIARY, ((0.6, 0.15), (0.95, 0.5)), now);
        self.lay(
            (cover::GRASS, usage::TERTIARY),
            ((0.55, 0.6), (1.0, 1.0)),
            now,
        );
        self.build(usage::RESIDENTIAL, ((0.32, 0.65), (0.48, 0.95)), now);
    }

    fn quarry(&mut self, dates: usize) {
        let now = Since::BEGINNING;
        let pit = (cover::MINERAL, usage::EXTRACTION);
        self.spread(pit, ((0.0, 0.02), (0.85, 0.9)), now);
        self.spread(
            (cover::BARE, usage::EXTRACTION),
            ((0.05, 0.7), (0.75, 0.88)),
            now,
        );
        self.spread(
            (cover::WATER, usage::EXTRACTION),
            ((0.1, 0.3), (0.4, 0.6)),
            now,
        );
        self.build(usage::EXTRACTION, ((0.55, 0.08), (0.8, 0.25)), now);
        for date in 1..dates {
            if self.chance.happens(0.5) {
                let since = Since::date(date, Event::QuarryExtension);
                let reach = 0.86 + 0.12 * date as f64 / dates as f64;
                self.spread(pit, ((0.7, 0.3), (reach, 0.8)), since);
            }
            if self.chance.happens(0.3) {
                let since = Since::date(date, Event::QuarryRestoration);
                self.spread(
                    (cover::GRASS, usage::NONE),
                    ((0.45, 0.35), (0.65, 0.6)),
                    since,
                );
            }
        }
    }

    /// Workshops around a yard.
    pub(super) fn works(&mut self, usage: &'static str, since: Since) {
        self.lay_all((cover::PAVED, usage), since);
        self.build(usage, ((0.06, 0.35), (0.5, 0.9)), since);
        self.build(usage, ((0.58, 0.4), (0.92, 0.65)), since);
        self.lay((cover::GRASS, usage), ((0.56, 0.72), (1.0, 1.0)), since);
        self.lay((cover::MINERAL, usage), ((0.0, 0.92), (0.54, 1.0)), since);
    }

    /// A warehouse and its lorry park.
    pub(super) fn warehouse(&mut self, since: Since) {
        self.lay_all((cover::PAVED, usage::LOGISTICS), since);
        self.build(usage::LOGISTICS, ((0.1, 0.3), (0.85, 0.8)), since);
        self.lay(
            (cover::GRASS, usage::LOGISTICS),
            ((0.0, 0.9), (1.0, 1.0)),
            since,
        );
    }

    fn aerodrome(&mut self) {
        let now = Since::BEGINNING;
        self.lay_all((cover::GRASS, usage::AIR), now);
        self.lay((cover::PAVED, usage::AIR), RUNWAY, now);
        self.lay((cover::PAVED, usage::AIR), ((0.45, 0.1), (0.52, 0.65)), now);
        self.lay((cover::PAVED, usage::AIR), ((0.4, 0.0), (0.66, 0.35)), now);
        self.build(usage::AIR, ((0.42, 0.05), (0.48, 0.28)), now);
        self.build(usage::AIR, ((0.54, 0.05), (0.58, 0.28)), now);
        self.lay(
            (cover::PAVED, usage::TERTIARY),
            ((0.67, 0.0), (0.78, 0.3)),
            now,
        );
        self.build(usage::TERTIARY, ((0.69, 0.05), (0.75, 0.22)), now);
        self.spread(
            (cover::BROADLEAF, usage::AIR),
            ((0.82, 0.05), (0.97, 0.3)),
            now,
        );
    }

    /// Panels over grass, a track around them, a substation.
    pub(super) fn solar_field(&mut self, since: Since) {
        self.lay_all((cover::GRASS, usage::SECONDARY), since);
        self.lay(
            (cover::MINERAL, usage::SECONDARY),
            ((0.46, 0.0), (0.5, 0.95)),
            since,
        );
        self.lay(
            (cover::PAVED, usage::UTILITY),
            ((0.02, 0.0), (0.14, 0.12)),
            since,
        );
    }

    fn composting(&mut self) {
        let now = Since::BEGINNING;
        self.lay_all((cover::MINERAL, usage::UTILITY), now);
        self.lay(
            (cover::COMPOSITE, usage::UTILITY),
            ((0.1, 0.35), (0.9, 0.95)),
            now,
        );
        self.build(usage::UTILITY, ((0.1, 0.08), (0.4, 0.28)), now);
    }

    fn water_works(&mut self) {
        let now = Since::BEGINNING;
        self.lay_all((cover::GRASS, usage::UTILITY), now);
        self.lay(
            (cover::PAVED, usage::UTILITY),
            ((0.4, 0.0), (0.6, 0.9)),
            now,
        );
        self.lay(
            (cover::WATER, usage::UTILITY),
            ((0.05, 0.3), (0.35, 0.85)),
            now,
        );
        self.build(usage::UTILITY, ((0.65, 0.3), (0.95, 0.75)), now);
    }

    fn fish_ponds(&mut self) {
        let now = Since::BEGINNING;
        self.lay_all((cover::GRASS, usage::FISHING), now);
        for n in 0..3 {
            let u = 0.06 + 0.31 * f64::from(n);
            self.spread(
                (cover::WATER, usage::FISHING),
                ((u, 0.3), (u + 0.25, 0.9)),
                now,
            );
        }
        self.build(usage::FISHING, ((0.05, 0.05), (0.2, 0.2)), now);
    }

    fn building_site(&mut self, dates: usize) {
        self.lay_all((cover::MINERAL, usage::TRANSITION), Since::BEGINNING);
        // The first half is ready by one of the next dates; work goes on in the second.
        let lot = self.lot.half();
        let (scene, chance) = (&mut *self.scene, &mut *self.chance);
        let since = Since::date(1 + chance.below(dates), Event::BuildingSiteCompleted);
        Draft {
            scene,
            lot: &lot,
            chance,
        }
        .houses(since, 2);
    }

    /// A lot under construction.
    pub(super) fn break_ground(&mut self, since: Since) {
        self.lay_all((cover::MINERAL, usage::TRANSITION), since);
    }

    /// An estate: a lane through the middle, houses and gardens on both sides.
    pub(super) fn houses(&mut self, since: Since, columns: usize) {
        self.lay_all((cover::GRASS, usage::RESIDENTIAL), since);
        self.lay(
            (cover::PAVED, usage::ROAD),
            ((0.0, 0.44), (1.0, 0.56)),
            since,
        );
        let entry = self.lot.share((0.46, 0.0), (0.54, 0.5));
        self.scene
            .paint(Layer::Lot, ground(cover::PAVED, usage::ROAD), since, &entry);
        self.lay_out_lanes(since);
        let width = 1.0 / columns as f64;
        for n in 0..columns {
            for low in [0.1, 0.66] {
                let start = (n as f64 + self.chance.between(0.15, 0.3)) * width;
                let end = start + width * self.chance.between(0.45, 0.6);
                let high = low + self.chance.between(0.2, 0.26);
                let is_in_the_way = low < 0.5 && start < 0.56 && end > 0.44;
                if !is_in_the_way {
                    self.build(usage::RESIDENTIAL, ((start, low), (end, high)), since);
                    let (front, back) = if low < 0.5 { (0.0, 0.44) } else { (0.56, 1.0) };
                    let (left, right) = (n as f64 * width, (n + 1) as f64 * width);
                    let lot = self.lot.part((left, front), (right, back));
                    self.scene.register.hold(Holder::House, &lot, since);
                }
            }
        }
    }

    /// Notes the axes of the lane through an estate and of its entry, from the road before it.
    fn lay_out_lanes(&mut self, since: Since) {
        let Lot {
            frontage, depth, ..
        } = *self.lot;
        let middle = depth / 2.0;
        let lanes = [
            ((0.0, middle), (frontage, middle), 0.06 * depth),
            (
                (frontage / 2.0, -2.0),
                (frontage / 2.0, middle),
                0.04 * frontage,
            ),
        ];
        for ((u0, v0), (u1, v1), half_width) in lanes {
            let axis = vec![self.lot.at(u0, v0), self.lot.at(u1, v1)];
            let lane = Way::new(Class::Lane, axis, half_width, since);
            self.scene.register.ways.push(lane);
        }
    }

    /// A yard left to itself.
    pub(super) fn wasteland(&mut self, since: Since) {
        self.lay_all((cover::MINERAL, usage::ABANDONED), since);
        self.lay(
            (cover::PAVED, usage::ABANDONED),
            ((0.0, 0.0), (0.55, 0.6)),
            since,
        );
        self.build(usage::ABANDONED, ((0.1, 0.12), (0.45, 0.5)), since);
        self.spread(
            (cover::SHRUB, usage::ABANDONED),
            ((0.7, 0.55), (1.0, 1.0)),
            since,
        );
    }

    /// A wasteland that nature takes back at a date: its slabs are broken, its yard is sown.
    pub(super) fn renature(&mut self, since: Since) {
        self.lay_all((cover::MINERAL, usage::ABANDONED), Since::BEGINNING);
        self.lay(
            (cover::PAVED, usage::ABANDONED),
            ((0.0, 0.0), (0.6, 0.7)),
            Since::BEGINNING,
        );
        self.build(
            usage::ABANDONED,
            ((0.1, 0.15), (0.45, 0.6)),
            Since::BEGINNING,
        );
        let whole = self.lot.whole();
        self.scene.paint(Layer::Renewal, MEADOW, since, &whole);
        let thicket = ragged(
            &self.lot.share((0.05, 0.55), (0.9, 0.95)),
            9.0,
            0.12,
            self.chance,
        );
        self.scene.paint(Layer::Renewal, HEATH, since, &thicket);
    }

    fn cable_station(&mut self) {
        let now = Since::BEGINNING;
        self.lay_all((cover::PAVED, usage::OTHER_TRANSPORT), now);
        self.build(usage::OTHER_TRANSPORT, ((0.25, 0.3), (0.75, 0.8)), now);
        self.lay(
            (cover::GRASS, usage::OTHER_TRANSPORT),
            ((0.0, 0.85), (1.0, 1.0)),
            now,
        );
    }

    fn forest_nursery(&mut self) {
        let now = Since::BEGINNING;
        self.lay_all((cover::GRASS, usage::OTHER_PRIMARY), now);
        self.lay(
            (cover::SHRUB, usage::OTHER_PRIMARY),
            ((0.05, 0.35), (0.6, 0.95)),
            now,
        );
        self.build(usage::OTHER_PRIMARY, ((0.65, 0.1), (0.95, 0.4)), now);
    }

    fn unknown_use(&mut self) {
        let now = Since::BEGINNING;
        self.lay_all((cover::MINERAL, usage::UNKNOWN), now);
        self.build(usage::UNKNOWN, ((0.2, 0.3), (0.6, 0.7)), now);
    }

    fn reed_bed(&mut self) {
        let now = Since::BEGINNING;
        self.spread(
            (cover::REED, usage::NONE),
            ((0.02, 0.05), (0.98, 0.95)),
            now,
        );
        let water = blob(self.lot.centre(), self.lot.depth * 0.25, 0.3, self.chance);
        self.scene.paint(Layer::Lot, WATER, now, &water);
    }

    fn neve(&mut self) {
        let now = Since::BEGINNING;
        self.spread((cover::BARE, usage::NONE), WHOLE, now);
        let snow = blob(self.lot.centre(), self.lot.depth * 0.32, 0.25, self.chance);
        self.scene
            .paint(Layer::Lot, ground(cover::SNOW, usage::NONE), now, &snow);
    }

    fn rock_face(&mut self) {
        let now = Since::BEGINNING;
        let ring = ragged(
            &self.lot.share((0.0, 0.2), (1.0, 0.9)),
            8.0,
            0.2,
            self.chance,
        );
        self.scene.paint(Layer::Lot, ROCK, now, &ring);
        self.spread((cover::SHRUB, usage::NONE), ((0.0, 0.0), (1.0, 0.3)), now);
    }

    fn port(&mut self) {
        let now = Since::BEGINNING;
        self.lay_all((cover::PAVED, usage::WATERWAY), now);
        self.lay(
            (cover::WATER, usage::WATERWAY),
            ((0.1, 0.4), (0.9, 0.95)),
            now,
        );
        self.build(usage::WATERWAY, ((0.1, 0.08), (0.35, 0.28)), now);
    }

    fn stands(&mut self) {
        let now = Since::BEGINNING;
        self.spread((cover::MIXED, usage::FORESTRY), WHOLE, now);
        self.spread(
            (cover::CONIFER, usage::FORESTRY),
            ((0.05, 0.1), (0.4, 0.9)),
            now,
        );
        self.spread(
            (cover::BROADLEAF, usage::FORESTRY),
            ((0.7, 0.05), (0.97, 0.95)),
            now,
        );
    }

    fn hillside(&mut self) {
        let now = Since::BEGINNING;
        let lot = self.lot;
        self.scene
            .paint(Layer::Lot, FIELD, now, &lot.share((0.0, 0.0), (1.0, 1.0)));
        self.scene.paint(
            Layer::Lot,
            VINEYARD,
            now,
            &lot.share((0.02, 0.05), (0.5, 0.95)),
        );
        self.lay(
            (cover::SHRUB, usage::FARMING),
            ((0.53, 0.05), (0.8, 0.95)),
            now,
        );
        let heath = ragged(
            &lot.share((0.83, 0.02), (1.0, 0.98)),
            9.0,
            0.15,
            self.chance,
        );
        self.scene.paint(Layer::Lot, HEATH, now, &heath);
    }

    fn station(&mut self) {
        let now = Since::BEGINNING;
        self.lay_all((cover::PAVED, usage::RAIL), now);
        self.lay(
            (cover::MINERAL, usage::RAIL),
            ((0.0, 0.55), (1.0, 1.0)),
            now,
        );
        self.build(usage::RAIL, ((0.35, 0.2), (0.6, 0.45)), now);
    }

    fn sports_ground(&mut self) {
        let now = Since::BEGINNING;
        self.lay_all((cover::GRASS, usage::TERTIARY), now);
        self.lay((cover::COMPOSITE, usage::TERTIARY), PITCH, now);
        self.lay((cover::PAVED, usage::TERTIARY), CAR_PARK, now);
        self.build(usage::TERTIARY, ((0.72, 0.45), (0.92, 0.7)), now);
    }

    fn cemetery(&mut self) {
        let now = Since::BEGINNING;
        self.lay_all((cover::PAVED, usage::TERTIARY), now);
        self.spread(
            (cover::BROADLEAF, usage::TERTIARY),
            ((0.8, 0.1), (1.0, 1.0)),
            now,
        );
    }
}
