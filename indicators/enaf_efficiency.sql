-- titre: Efficacité de la consommation d'ENAF
-- title: How much ENAF consumption served
-- définition: entre les deux recensements que donne la table : habitants, ménages et emplois
--   gagnés ou perdus, surface consommée par habitant de plus, et ménages et emplois de plus par
--   hectare consommé (vides quand le diviseur est nul, ou qu'un chiffre manque pour une
--   commune). Un ratio négatif est celui d'un territoire qui consomme et qui perd.
-- definition: between the two censuses that the table gives: inhabitants, households and jobs
--   won or lost, ground consumed per inhabitant won, households and jobs won per hectare
--   consumed (empty where the divisor is zero, or a figure of a commune is missing). A negative
--   ratio is that of a territory that consumes and loses.
-- source: Cerema, données de consommation d'espaces ; INSEE, recensements de la population
-- subject: ENAF
-- unit: m², nombres, m² par habitant, nombre par hectare
-- columns: commune, name, year_first, year_last, consumed_m2, housing_m2, inhabitants_won,
--   households_won, jobs_won, consumed_m2_per_inhabitant, households_per_ha_of_housing,
--   households_and_jobs_per_ha, vintage
WITH won AS (
  SELECT
    w.commune, w.name, w.year_first AS first, w.year_last AS last,
    CASE WHEN w.inhabitants_known = c.communes
      THEN CAST(w.inhabitants_thousandths AS DOUBLE) / 1000 END AS inhabitants_won,
    CASE WHEN w.households_known = c.communes
      THEN CAST(w.households_thousandths AS DOUBLE) / 1000 END AS households_won,
    CASE WHEN w.jobs_known = c.communes
      THEN CAST(w.jobs_thousandths AS DOUBLE) / 1000 END AS jobs_won
  FROM population_won AS w
  JOIN enaf_communes AS c ON c.commune = w.commune
),
sums AS (
  SELECT
    w.commune, w.name, w.first, w.last, w.inhabitants_won, w.households_won, w.jobs_won,
    SUM(CASE WHEN e.year >= w.first AND e.year < w.last THEN e.area_half_cm2 ELSE 0 END) AS consumed,
    SUM(CASE WHEN e.year >= w.first AND e.year < w.last AND e.destination = 'habitat'
             THEN e.area_half_cm2 ELSE 0 END) AS housing
  FROM won AS w
  JOIN enaf AS e ON e.commune = w.commune
  GROUP BY w.commune, w.name, w.first, w.last, w.inhabitants_won, w.households_won, w.jobs_won
)
SELECT
  s.commune, s.name, s.first AS year_first, s.last - 1 AS year_last,
  s.consumed AS consumed_half_cm2, s.housing AS housing_half_cm2,
  s.inhabitants_won, s.households_won, s.jobs_won,
  CASE WHEN s.inhabitants_won <> 0
    THEN CAST(s.consumed AS DOUBLE) / 20000.0 / s.inhabitants_won END AS consumed_m2_per_inhabitant,
  CASE WHEN s.housing > 0
    THEN s.households_won / (CAST(s.housing AS DOUBLE) / 200000000.0) END
    AS households_per_ha_of_housing,
  CASE WHEN s.consumed > 0
    THEN (s.households_won + s.jobs_won) / (CAST(s.consumed AS DOUBLE) / 200000000.0) END
    AS households_and_jobs_per_ha,
  t.vintage
FROM sums AS s
CROSS JOIN enaf_table AS t
ORDER BY s.commune, s.first, s.last
