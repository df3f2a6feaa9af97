-- titre: Chaque territoire parmi ceux qui lui ressemblent
-- title: Every territory among those that are like it
-- définition: rang de la part artificialisée (1 pour la plus forte) parmi le territoire et ses semblables, et
--   médianes de ceux-ci. Semblables : dans l'ordre du nombre d'habitants au km², les cinq territoires du même
--   niveau qui le précèdent et les cinq qui le suivent, parmi ceux qui sont connus ici et dont le taux de la
--   même année est donné.
-- definition: rank of the artificialised share (1 for the largest) among the territory and those that are like
--   it, and the medians of these. Like it: in the order of inhabitants per km², the five territories of the
--   same level before it and the five after it, of those that are known here and have a rate of the same year.
-- source: INSEE, recensements de la population ; article R.101-1 du code de l'urbanisme ; le choix des
--   semblables est de Millésime
-- subject: OCS GE
-- needs: population
-- unit: part de 0 à 1, m² par habitant, nombre
-- columns: series, commune, name, departement, year, inhabitants_per_km2, artificial_share, similar, rank,
--   median_share, artificial_m2_per_inhabitant, median_m2_per_inhabitant
WITH placed AS (
  SELECT
    c.series, c.commune, c.name, c.departement, c.year,
    c.artificial_share AS share,
    p.inhabitants_per_km2 AS density,
    p.artificial_m2_per_inhabitant AS per_inhabitant,
    CAST(ROW_NUMBER() OVER (
      PARTITION BY c.series, c.year ORDER BY p.inhabitants_per_km2, c.commune, c.departement
    ) AS BIGINT) AS place
  FROM comparison AS c
  JOIN per_inhabitant AS p
    ON p.series = c.series AND p.commune = c.commune AND p.departement = c.departement
    AND p.year = c.year
  WHERE c.among = 'departement' AND p.inhabitants_per_km2 IS NOT NULL
),
steps AS (
  SELECT -5 AS step FROM scope UNION ALL SELECT -4 AS step FROM scope
  UNION ALL SELECT -3 AS step FROM scope UNION ALL SELECT -2 AS step FROM scope
  UNION ALL SELECT -1 AS step FROM scope UNION ALL SELECT 1 AS step FROM scope
  UNION ALL SELECT 2 AS step FROM scope UNION ALL SELECT 3 AS step FROM scope
  UNION ALL SELECT 4 AS step FROM scope UNION ALL SELECT 5 AS step FROM scope
),
asked AS (
  SELECT
    p.series, p.commune, p.departement, p.year, p.share,
    p.place + CAST(s.step AS BIGINT) AS wanted
  FROM placed AS p CROSS JOIN steps AS s
),
others AS (
  SELECT
    series AS other_series, year AS other_year, place AS other_place,
    share AS other_share, per_inhabitant AS other_per_inhabitant
  FROM placed
),
ranks AS (
  SELECT
    a.series, a.commune, a.departement, a.year,
    COUNT(*) AS similar,
    SUM(CASE WHEN o.other_share > a.share THEN 1 ELSE 0 END) + 1 AS rank,
    MEDIAN(o.other_share) AS median_share,
    MEDIAN(o.other_per_inhabitant) AS median_per_inhabitant
  FROM asked AS a
  JOIN others AS o
    ON o.other_series = a.series AND o.other_year = a.year AND o.other_place = a.wanted
  GROUP BY a.series, a.commune, a.departement, a.year
)
SELECT
  p.series, p.commune, p.name, p.departement, p.year,
  p.density AS inhabitants_per_km2,
  p.share AS artificial_share,
  CAST(r.similar AS BIGINT) AS similar,
  CAST(r.rank AS BIGINT) AS rank,
  r.median_share,
  p.per_inhabitant AS artificial_m2_per_inhabitant,
  r.median_per_inhabitant AS median_m2_per_inhabitant
FROM placed AS p
JOIN ranks AS r
  ON r.series = p.series AND r.commune = p.commune AND r.departement = p.departement
  AND r.year = p.year
ORDER BY p.series, p.departement, p.commune, p.year
