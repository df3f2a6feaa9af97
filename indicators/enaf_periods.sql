-- titre: Consommation d'ENAF par période et par destination
-- title: ENAF consumption by period and destination
-- définition: somme des années de la période, première et dernière comprises, et rythme par an.
--   Les destinations font le total, exactement.
-- definition: sum of the years of the period, the first and the last included, and its pace per
--   year. The destinations make the total, exactly.
-- source: Cerema, données de consommation d'espaces, d'après les fichiers fonciers (DGFiP)
-- subject: ENAF
-- unit: m², m² par an, part de 0 à 1
-- columns: commune, name, year_first, year_last, years, consumed_m2, activity_m2, housing_m2,
--   mixed_m2, road_m2, rail_m2, unknown_m2, consumed_m2_per_year, consumed_share, vintage
WITH flows AS (
  SELECT
    commune, name, year,
    SUM(area_half_cm2) AS consumed,
    SUM(CASE WHEN destination = 'activité' THEN area_half_cm2 ELSE 0 END) AS activity,
    SUM(CASE WHEN destination = 'habitat' THEN area_half_cm2 ELSE 0 END) AS housing,
    SUM(CASE WHEN destination = 'mixte' THEN area_half_cm2 ELSE 0 END) AS mixed,
    SUM(CASE WHEN destination = 'route' THEN area_half_cm2 ELSE 0 END) AS road,
    SUM(CASE WHEN destination = 'ferroviaire' THEN area_half_cm2 ELSE 0 END) AS rail,
    SUM(CASE WHEN destination = 'inconnu' THEN area_half_cm2 ELSE 0 END) AS unknown
  FROM enaf
  GROUP BY commune, name, year
),
sums AS (
  SELECT
    f.commune, f.name, p.year_first, p.year_last,
    SUM(f.consumed) AS consumed, SUM(f.activity) AS activity, SUM(f.housing) AS housing,
    SUM(f.mixed) AS mixed, SUM(f.road) AS road, SUM(f.rail) AS rail, SUM(f.unknown) AS unknown
  FROM flows AS f
  CROSS JOIN enaf_periods AS p
  WHERE f.year >= p.year_first AND f.year <= p.year_last
  GROUP BY f.commune, f.name, p.year_first, p.year_last
)
SELECT
  s.commune, s.name, s.year_first, s.year_last,
  s.year_last + 1 - s.year_first AS years,
  s.consumed AS consumed_half_cm2,
  s.activity AS activity_half_cm2,
  s.housing AS housing_half_cm2,
  s.mixed AS mixed_half_cm2,
  s.road AS road_half_cm2,
  s.rail AS rail_half_cm2,
  s.unknown AS unknown_half_cm2,
  CAST(s.consumed AS DOUBLE) / 20000.0 / (s.year_last + 1 - s.year_first) AS consumed_m2_per_year,
  CASE WHEN c.known_areas = c.communes AND c.area_half_cm2 > 0
    THEN CAST(s.consumed AS DOUBLE) / CAST(c.area_half_cm2 AS DOUBLE) END AS consumed_share,
  t.vintage
FROM sums AS s
JOIN enaf_communes AS c ON c.commune = s.commune
CROSS JOIN enaf_table AS t
ORDER BY s.commune, s.year_first, s.year_last
