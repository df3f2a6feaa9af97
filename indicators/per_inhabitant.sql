-- titre: Sols artificialisés par habitant, par ménage et par emploi
-- title: Artificialised ground per inhabitant, household and job
-- définition: stock de chaque millésime rapporté à la population de l'année la plus proche qui est donnée
--   (la plus ancienne de deux), sans interpolation : son année est écrite. Vide quand la population d'une
--   commune manque, ou quand la base ne permet pas de taux. Un ensemble dont les départements ont des
--   millésimes d'années différentes n'est pas rapporté à une population.
-- definition: stock of every vintage against the population of the nearest year that is given (the older
--   of two), not interpolated: its year is written. Empty where the population of a commune is missing, or
--   where the basis allows no rate. A whole whose départements have vintages of different years is not set
--   against a population.
-- source: INSEE, recensements de la population ; article R.101-1 du code de l'urbanisme
-- subject: OCS GE
-- needs: population
-- unit: m², nombres, m² par habitant, habitants par km²
-- columns: series, commune, name, departement, year, population_year, inhabitants, households, jobs,
--   artificial_m2, artificial_m2_per_inhabitant, artificial_m2_per_household, artificial_m2_per_job,
--   impermeable_m2_per_inhabitant, inhabitants_per_km2
WITH sums AS (
  SELECT
    series, commune, departement, year,
    SUM(area_half_cm2) AS area,
    SUM(CASE WHEN final = true THEN area_half_cm2 ELSE 0 END) AS artificial,
    SUM(CASE WHEN impermeable = true THEN area_half_cm2 ELSE 0 END) AS impermeable
  FROM stock
  WHERE year > 0
  GROUP BY series, commune, departement, year
),
near AS (
  SELECT
    v.series, v.commune, v.departement, v.year,
    MIN(ABS(v.year - p.year) * 2 + CASE WHEN p.year > v.year THEN 1 ELSE 0 END) AS distance
  FROM commune_vintages AS v
  JOIN population AS p ON p.commune = v.commune AND p.departement = v.departement
  WHERE v.year > 0
  GROUP BY v.series, v.commune, v.departement, v.year
),
counted AS (
  SELECT
    n.series, n.commune, n.departement, n.year, p.year AS population_year,
    CASE WHEN p.inhabitants_known = c.communes
      THEN CAST(p.inhabitants_thousandths AS DOUBLE) / 1000 END AS inhabitants,
    CASE WHEN p.households_known = c.communes
      THEN CAST(p.households_thousandths AS DOUBLE) / 1000 END AS households,
    CASE WHEN p.jobs_known = c.communes
      THEN CAST(p.jobs_thousandths AS DOUBLE) / 1000 END AS jobs
  FROM near AS n
  JOIN population AS p ON p.commune = n.commune AND p.departement = n.departement
  JOIN communes AS c ON c.commune = n.commune AND c.departement = n.departement
  WHERE ABS(n.year - p.year) * 2 + CASE WHEN p.year > n.year THEN 1 ELSE 0 END = n.distance
)
SELECT
  v.series, v.commune, v.name, v.departement, v.year,
  k.population_year, k.inhabitants, k.households, k.jobs,
  s.artificial AS artificial_half_cm2,
  CASE WHEN b.basis = 'décret'
    THEN CAST(s.artificial AS DOUBLE) / 20000.0 / NULLIF(k.inhabitants, 0) END
    AS artificial_m2_per_inhabitant,
  CASE WHEN b.basis = 'décret'
    THEN CAST(s.artificial AS DOUBLE) / 20000.0 / NULLIF(k.households, 0) END
    AS artificial_m2_per_household,
  CASE WHEN b.basis = 'décret'
    THEN CAST(s.artificial AS DOUBLE) / 20000.0 / NULLIF(k.jobs, 0) END
    AS artificial_m2_per_job,
  CASE WHEN b.basis = 'décret' OR b.basis = 'couverture seule'
    THEN CAST(s.impermeable AS DOUBLE) / 20000.0 / NULLIF(k.inhabitants, 0) END
    AS impermeable_m2_per_inhabitant,
  k.inhabitants / NULLIF(CAST(s.area AS DOUBLE) / 20000000000.0, 0) AS inhabitants_per_km2
FROM commune_vintages AS v
LEFT JOIN counted AS k
  ON k.series = v.series AND k.commune = v.commune AND k.departement = v.departement
  AND k.year = v.year
JOIN sums AS s
  ON s.series = v.series AND s.commune = v.commune AND s.departement = v.departement
  AND s.year = v.year
JOIN basis AS b
  ON b.series = v.series AND b.commune = v.commune AND b.departement = v.departement
  AND b.year = v.year
ORDER BY v.series, v.departement, v.commune, v.year
