-- titre: Stock par couverture
-- title: Stock by cover
-- définition: terrain couvert, par couverture, et ce qui en est artificialisé et imperméable ;
--   part du terrain couvert du territoire, et part de son terrain artificialisé.
-- definition: covered ground by cover, and how much of it is artificialised and impermeable.
-- source: CNIG OCS GE nomenclature; article R.101-1 of the code de l'urbanisme
-- subject: OCS GE
-- unit: m²
-- columns: series, commune, departement, year, cs, area_m2, artificial_m2, impermeable_m2,
--   covered_share, artificial_share
WITH sums AS (
  SELECT
    series, commune, departement, year,
    SUM(area_half_cm2) AS covered,
    SUM(CASE WHEN final = true THEN area_half_cm2 ELSE 0 END) AS artificial
  FROM stock
  WHERE cs IS NOT NULL
  GROUP BY series, commune, departement, year
),
coded AS (
  SELECT
    series, commune, departement, year, cs,
    SUM(area_half_cm2) AS area,
    SUM(CASE WHEN final = true THEN area_half_cm2 ELSE 0 END) AS artificial,
    SUM(CASE WHEN impermeable = true THEN area_half_cm2 ELSE 0 END) AS impermeable
  FROM stock
  WHERE cs IS NOT NULL
  GROUP BY series, commune, departement, year, cs
)
SELECT
  c.series, c.commune, c.departement, c.year, c.cs,
  c.area AS area_half_cm2,
  c.artificial AS artificial_half_cm2,
  c.impermeable AS impermeable_half_cm2,
  CAST(c.area AS DOUBLE) / NULLIF(s.covered, 0) AS covered_share,
  CASE WHEN s.artificial > 0 THEN CAST(c.artificial AS DOUBLE) / s.artificial END
    AS artificial_share
FROM coded AS c
JOIN sums AS s
  ON s.series = c.series AND s.commune = c.commune AND s.departement = c.departement
  AND s.year = c.year
ORDER BY c.series, c.departement, c.commune, c.year, c.cs
